-- Note what subscribers can see, as they are told; not what was decided before what is noted already.
-- KEYS[1] the bucket's prefix; ARGV a publisher, a session, the attributes, and how often what the
-- publisher allows had changed, again and again.
local prefix = KEYS[1]
for i = 1, #ARGV, 4 do
    local key = prefix .. 'subscribers:' .. ARGV[i]
    local record = redis.call('HGET', key, ARGV[i + 1])
    local subscription = record and cjson.decode(record)
    if subscription and (subscription.number or 0) <= tonumber(ARGV[i + 3]) then
        subscription.seen = ARGV[i + 2]
        subscription.number = tonumber(ARGV[i + 3])
        redis.call('HSET', key, ARGV[i + 1], cjson.encode(subscription))
    end
end
return 1

-- Note which attributes subscribers may see by what they were told last.
-- KEYS[1] the bucket's prefix; ARGV a publisher, a session and the attributes, again and again.
local prefix = KEYS[1]
for i = 1, #ARGV, 3 do
    local key = prefix .. 'subscribers:' .. ARGV[i]
    local record = redis.call('HGET', key, ARGV[i + 1])
    if record then
        local subscription = cjson.decode(record)
        subscription.seen = ARGV[i + 2]
        redis.call('HSET', key, ARGV[i + 1], cjson.encode(subscription))
    end
end
return 1

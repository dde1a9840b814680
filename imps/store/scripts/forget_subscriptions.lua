-- Forget that a session has subscribed to publishers, and what it was to be told of them.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the contact list through which, '' for
-- whatever there is, then the publishers; none for all that came through the list.
-- Returns the publishers.
-- include subscriptions
local prefix, id, list = KEYS[1], ARGV[1], ARGV[2]
local key, publishers = prefix .. 'subscriptions:' .. id, {}
for i = 3, #ARGV do
    publishers[#publishers + 1] = ARGV[i]
end
if #ARGV == 2 then
    local known = redis.call('HGETALL', key)
    for i = 1, #known, 2 do
        local lists = cjson.decode(known[i + 1]).lists
        if list == '' or lists and lists[list] then
            publishers[#publishers + 1] = known[i]
        end
    end
    redis.call('HDEL', prefix .. 'followed:' .. id, list)
end
for _, publisher in ipairs(publishers) do
    local record = redis.call('HGET', key, publisher)
    local rest = record and unsubscribed(record, list)
    if rest then
        redis.call('HSET', key, publisher, rest)
    elseif record then
        redis.call('HDEL', key, publisher)
        redis.call('ZREM', prefix .. 'news:' .. id, publisher)
        redis.call('HDEL', prefix .. 'news-of:' .. id, publisher)
    end
end
return publishers

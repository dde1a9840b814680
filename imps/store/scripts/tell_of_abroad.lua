-- A user of another domain has told a watcher of a bucket something: keep it, and have those of the
-- watcher's sessions told that asked for that.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] the watcher, ARGV[3] the publisher, ARGV[4] for how
-- long it is kept (seconds), then attributes and values. Returns 1, or 0, having done nothing, if the
-- watcher has not subscribed to the publisher.
-- include alive
-- include wakeups
-- include news
-- include subscriptions
local prefix, now, watcher, publisher = KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[3]
local attributes = ''
for i = 5, #ARGV, 2 do
    attributes = union(attributes, ARGV[i])
end
local subscribed = false
for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. watcher)) do
    local record = redis.call('HGET', prefix .. 'subscriptions:' .. id, publisher)
    local asked = record and attributes_asked(subscription_of(record)) or ''
    if asked ~= '' and is_alive(prefix, id, now) then
        subscribed = true
        local told = intersection(asked, attributes)
        if told ~= '' then
            put_news(prefix, id, publisher, told)
            wake(prefix, id)
        end
    end
end
if not subscribed or #ARGV < 5 then
    return subscribed and 1 or 0
end
local key = prefix .. 'told-abroad:' .. watcher .. ' ' .. publisher
redis.call('HSET', key, unpack(ARGV, 5))
redis.call('EXPIRE', key, ARGV[4])
return 1

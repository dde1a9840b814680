-- End subscriptions of a session to publishers of a bucket.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] the contact list through
-- which they were made, '' for whatever there is, then the publishers.
-- The watcher is remembered as one who was subscribed.
-- include subscriptions
-- include watchers
local prefix = KEYS[1]
for i = 4, #ARGV do
    local key = prefix .. 'subscribers:' .. ARGV[i]
    local record = redis.call('HGET', key, ARGV[1])
    local rest = record and unsubscribed(record, ARGV[3])
    if rest then
        redis.call('HSET', key, ARGV[1], rest)
    elseif record then
        redis.call('HDEL', key, ARGV[1])
        local watcher = cjson.decode(record).watcher:match('^%S+')
        remember_watcher(prefix, ARGV[i], 'FORMER_SUBSCRIBER', watcher, ARGV[2])
    end
end
return 1

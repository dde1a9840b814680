-- A watcher of another domain was told of a publisher what was handed over, or nobody can tell it.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, ARGV[2] the watcher.
-- include subscriptions
local key = KEYS[1] .. 'subscribers:' .. ARGV[1]
local record = redis.call('HGET', key, ARGV[2])
if record then
    local subscription = subscription_of(record)
    subscription.telling = nil
    redis.call('HSET', key, ARGV[2], cjson.encode(subscription))
end
return 1

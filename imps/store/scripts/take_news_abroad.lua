-- What a watcher of another domain is to be told of a publisher, while it is handed over. Until that is
-- done it stays the same, as it may have to be said again; what comes meanwhile is told after it.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, ARGV[2] the watcher, ARGV[3] now. Returns the
-- attributes, '' for none, and all that the watcher asked for.
-- include subscriptions
local key = KEYS[1] .. 'subscribers:' .. ARGV[1]
local record = redis.call('HGET', key, ARGV[2])
local subscription = subscription_of(record)
if not record or (subscription['until'] or 0) <= tonumber(ARGV[3]) then
    return {'', ''}
end
if (subscription.telling or '') == '' then
    subscription.telling = subscription.pending or ''
    subscription.pending = nil
    redis.call('HSET', key, ARGV[2], cjson.encode(subscription))
end
return {subscription.telling, attributes_asked(subscription)}

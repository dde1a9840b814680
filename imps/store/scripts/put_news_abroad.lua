-- Note what watchers of other domains are to be told of publishers of a bucket, besides what they were
-- to be told already.
-- KEYS[1] the bucket's prefix; ARGV a watcher, a publisher and attributes, again and again. Returns for
-- each 1, or 0 if that one has not subscribed.
-- include subscriptions
local noted = {}
for i = 1, #ARGV, 3 do
    local key = KEYS[1] .. 'subscribers:' .. ARGV[i + 1]
    local record = redis.call('HGET', key, ARGV[i])
    if record then
        local subscription = subscription_of(record)
        subscription.pending = union(subscription.pending or '', ARGV[i + 2])
        redis.call('HSET', key, ARGV[i], cjson.encode(subscription))
    end
    noted[#noted + 1] = record and 1 or 0
end
return noted

-- Note to whom a session subscribes, before it does: so it can be undone.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the contact list through which, '' for
-- none, ARGV[3] the attributes, ARGV[4] 1 if it follows the list, then publishers, each with the name by
-- which the session knows it. Returns 0, having done nothing, when there is no such session.
-- include subscriptions
local prefix, id, list = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HEXISTS', prefix .. 'session:' .. id, 'record') == 0 then
    return 0
end
local key = prefix .. 'subscriptions:' .. id
for i = 5, #ARGV, 2 do
    local subscription = subscription_of(redis.call('HGET', key, ARGV[i]))
    subscription.name = ARGV[i + 1]
    subscription.asked[list] = ARGV[3]
    redis.call('HSET', key, ARGV[i], cjson.encode(subscription))
end
if ARGV[4] == '1' then
    redis.call('HSET', prefix .. 'followed:' .. id, list, ARGV[3])
end
return 1

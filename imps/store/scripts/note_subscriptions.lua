-- Note to whom a session subscribes, before it does: so it can be undone.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the contact list through which, '' for
-- none, ARGV[3] the attributes, ARGV[4] 1 if it follows the list, 0 if it does not, ARGV[5] how many
-- subscriptions a session may have, then publishers, each with the name by which the session knows it.
-- Returns 0, having done nothing, when there is no such session, and -1 when it would have too many.
-- include subscriptions
local prefix, id, list = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HEXISTS', prefix .. 'session:' .. id, 'record') == 0 then
    return 0
end
local key, new = prefix .. 'subscriptions:' .. id, 0
for i = 6, #ARGV, 2 do
    new = new + 1 - redis.call('HEXISTS', key, ARGV[i])
end
if new > 0 and redis.call('HLEN', key) + new > tonumber(ARGV[5]) then
    return -1
end
local followed = prefix .. 'followed:' .. id
if ARGV[4] == '1' then
    redis.call('HSET', followed, list, ARGV[3])
else
    redis.call('HDEL', followed, list)
end
for i = 6, #ARGV, 2 do
    local subscription = subscription_of(redis.call('HGET', key, ARGV[i]))
    subscription.name = ARGV[i + 1]
    subscription.asked[list] = ARGV[3]
    redis.call('HSET', key, ARGV[i], cjson.encode(subscription))
end
return 1

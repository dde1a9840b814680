-- Note to whom a session subscribes, before it does: so it can be undone.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the contact list through which, '' for
-- none, ARGV[3] the attributes, ARGV[4] 1 if it follows the list, 0 if it does not, '' if this is done
-- because it does, ARGV[5] how many subscriptions a session may have, then publishers, each with the
-- name by which the session knows it, and that as it is written for contacts. Returns 0, having done
-- nothing, when there is no such session, or it does not follow the list any more, and -1 when it would
-- have too many.
-- include subscriptions
local prefix, id, list = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HEXISTS', prefix .. 'session:' .. id, 'record') == 0 then
    return 0
end
local key, new = prefix .. 'subscriptions:' .. id, 0
for i = 6, #ARGV, 3 do
    new = new + 1 - redis.call('HEXISTS', key, ARGV[i])
end
if new > 0 and redis.call('HLEN', key) + new > tonumber(ARGV[5]) then
    return -1
end
local followed = prefix .. 'followed:' .. id
if ARGV[4] == '1' then
    redis.call('HSET', followed, list, ARGV[3])
elseif ARGV[4] == '0' then
    redis.call('HDEL', followed, list)
elseif redis.call('HEXISTS', followed, list) == 0 then
    return 0
end
for i = 6, #ARGV, 3 do
    local subscription = subscription_of(redis.call('HGET', key, ARGV[i]))
    -- A contact may have gone meanwhile, or the session have unsubscribed from it.
    if ARGV[4] ~= '' or not subscription.asked[list]
        and redis.call('HEXISTS', prefix .. 'contacts:' .. list, ARGV[i + 2]) == 1 then
        subscription.name = ARGV[i + 1]
        subscription.asked[list] = ARGV[3]
        redis.call('HSET', key, ARGV[i], cjson.encode(subscription))
    end
end
return 1

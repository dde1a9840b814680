-- Note to which publishers a session subscribes, so that this can be undone when it ends.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] its user, ARGV[3] the contact list
-- through which, '' for none, ARGV[4] the attributes, ARGV[5] 1 if the list is followed, then the
-- publishers. Returns 0, having done nothing, when there is no such session.
-- include subscriptions
local prefix, id = KEYS[1], ARGV[1]
if redis.call('HEXISTS', prefix .. 'session:' .. id, 'record') == 0 then
    return 0
end
local key = prefix .. 'subscriptions:' .. id
for i = 6, #ARGV do
    local record = redis.call('HGET', key, ARGV[i])
    redis.call('HSET', key, ARGV[i], subscribed(record, ARGV[2], ARGV[3], ARGV[4]))
end
if ARGV[5] == '1' then
    redis.call('HSET', prefix .. 'followed:' .. id, ARGV[3], ARGV[4])
elseif ARGV[3] ~= '' then
    redis.call('HDEL', prefix .. 'followed:' .. id, ARGV[3])
end
return 1

-- A new account, the contact list it begins with, and perhaps a default attribute list.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the list, ARGV[3] the list's address as
-- spelled, ARGV[4] its display name, ARGV[5] the attribute list, '' for none, ARGV[6...] the account's
-- fields and values.
-- Returns 0, having done nothing, when the account exists.
local user, list = ARGV[1], ARGV[2]
local account = KEYS[1] .. 'account:' .. user
if redis.call('EXISTS', account) == 1 then
    return 0
end
redis.call('HSET', account, unpack(ARGV, 6))
redis.call('ZADD', KEYS[1] .. 'accounts', 0, user)
redis.call('HSET', KEYS[1] .. 'contact-list:' .. list, 'address', ARGV[3], 'display_name', ARGV[4])
redis.call('ZADD', KEYS[1] .. 'contact-lists:' .. user, 1, list)
redis.call('SET', KEYS[1] .. 'default-contact-list:' .. user, list)
if ARGV[5] ~= '' then
    redis.call('HSET', KEYS[1] .. 'attribute-lists:' .. user, 'default', ARGV[5])
end
return 1

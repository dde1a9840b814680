-- Change some of what is said of an account.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] how many fields are removed, then these, then
-- the fields that are set and their values. Returns 0, having done nothing, without an account.
local account = KEYS[1] .. 'account:' .. ARGV[1]
local first_set = ARGV[2] + 3
if redis.call('EXISTS', account) == 0 then
    return 0
end
if first_set > 3 then
    redis.call('HDEL', account, unpack(ARGV, 3, first_set - 1))
end
if #ARGV >= first_set then
    redis.call('HSET', account, unpack(ARGV, first_set))
end
return 1

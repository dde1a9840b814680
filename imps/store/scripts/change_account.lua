-- Change some of what is said of an account.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] how many fields are removed, then these, then
-- the fields that are set and their values. Those who watch the user are told of another alias, where the
-- user has published none. Returns 0, having done nothing, without an account.
-- include presence
local prefix, user = KEYS[1], ARGV[1]
local account = prefix .. 'account:' .. user
local first_set = ARGV[2] + 3
if redis.call('EXISTS', account) == 0 then
    return 0
end
local alias = redis.call('HGET', account, 'alias')
if first_set > 3 then
    redis.call('HDEL', account, unpack(ARGV, 3, first_set - 1))
end
if #ARGV >= first_set then
    redis.call('HSET', account, unpack(ARGV, first_set))
end
if redis.call('HGET', account, 'alias') ~= alias
    and redis.call('HEXISTS', prefix .. 'presence:' .. user, 'Alias') == 0 then
    presence_changed(prefix, user, 'Alias', 0)
end
return 1

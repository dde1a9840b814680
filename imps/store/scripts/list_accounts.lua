-- The accounts of a bucket in the order of their addresses, some at a time.
-- KEYS[1] the bucket's prefix; ARGV[1] the user after whom to begin, '' at first; ARGV[2] how many.
-- Returns {user, {field, value, ...}} for each.
local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local users = redis.call('ZRANGEBYLEX', KEYS[1] .. 'accounts', after, '+', 'LIMIT', 0, ARGV[2])
local accounts = {}
for i, user in ipairs(users) do
    accounts[i] = {user, redis.call('HGETALL', KEYS[1] .. 'account:' .. user)}
end
return accounts

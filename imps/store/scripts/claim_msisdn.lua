-- Claim a telephone number for a user, in the bucket of the number.
-- KEYS[1] the bucket's prefix; ARGV[1] the number, ARGV[2] the user, ARGV[3] now, ARGV[4] the claim
-- that was found void, '' if none.
-- Returns the claim of another user that stands in the way, false when the number is now ours.
local key = KEYS[1] .. 'msisdn:' .. ARGV[1]
local claim = redis.call('GET', key)
if claim and claim ~= ARGV[4] and claim:match(' (.*)$') ~= ARGV[2] then
    return claim
end
redis.call('SET', key, ARGV[3] .. ' ' .. ARGV[2])
return false

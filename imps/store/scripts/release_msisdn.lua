-- Take back a claim to a telephone number, in the bucket of the number.
-- KEYS[1] the bucket's prefix; ARGV[1] the number, ARGV[2] the claim. A later claim stays.
local key = KEYS[1] .. 'msisdn:' .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then
    return 0
end
return redis.call('DEL', key)

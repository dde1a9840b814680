-- A line is gone, and its user with it, if no other has taken over.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the line.
-- Returns 1, 0 if the line did not have the user.
local key = KEYS[1] .. 'line:' .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then
    return 0
end
redis.call('DEL', key)
return 1

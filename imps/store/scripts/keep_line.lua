-- A line keeps its user, if no other has taken over; also one that the store had forgotten.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the line, ARGV[3] for how many seconds.
-- Returns 1, 0 if another line has the user.
local key = KEYS[1] .. 'line:' .. ARGV[1]
local line = redis.call('GET', key)
if line and line ~= ARGV[2] then
    return 0
end
redis.call('SET', key, ARGV[2], 'EX', ARGV[3])
return 1

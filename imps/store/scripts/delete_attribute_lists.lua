-- Take attribute lists of a publisher from targets.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, then the fields of the targets ('user ADDRESS',
-- 'list ADDRESS' or 'default').
-- Returns for each target 1 if it had a list, else 0.
local key = KEYS[1] .. 'attribute-lists:' .. ARGV[1]
local outcomes = {}
for i = 2, #ARGV do
    outcomes[i - 1] = redis.call('HDEL', key, ARGV[i])
end
return outcomes

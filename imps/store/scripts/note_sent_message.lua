-- Keep what a report on a message says, and on whom reports are due; once.
-- KEYS[1] where; ARGV[1] for how long (seconds), then fields and values.
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], unpack(ARGV, 2))
    redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return 1

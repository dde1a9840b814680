-- Write down that a session with a partner goes on, if it has not ended.
-- KEYS[1] the sessions with the partner; ARGV[1] which, ARGV[2] its record.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end

-- Work is done: forget it, unless more of it has come meanwhile.
-- KEYS[1] the bucket's prefix; ARGV[1] its id, ARGV[2] its record as it was when it was begun.
if redis.call('HGET', KEYS[1] .. 'work', ARGV[1]) ~= ARGV[2] then
    return 0
end
redis.call('HDEL', KEYS[1] .. 'work', ARGV[1])
redis.call('ZREM', KEYS[1] .. 'overdue', ARGV[1])
return 1

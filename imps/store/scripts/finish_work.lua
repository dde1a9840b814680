-- Work is done: forget it. KEYS[1] the bucket's prefix; ARGV[1] its id.
redis.call('HDEL', KEYS[1] .. 'work', ARGV[1])
redis.call('ZREM', KEYS[1] .. 'overdue', ARGV[1])
return 1

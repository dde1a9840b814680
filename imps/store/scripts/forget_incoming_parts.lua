-- The parts of a text are stored as one, or there are none.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] which text.
redis.call('DEL', KEYS[1] .. 'incoming-parts:' .. ARGV[2])
redis.call('ZREM', KEYS[1] .. 'incoming-groups:' .. ARGV[1], ARGV[2])
redis.call('ZREM', KEYS[1] .. 'due-parts', ARGV[2])
return 1

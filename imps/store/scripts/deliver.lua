-- Take a session's acknowledgement, if it has one, and give it what is to be sent next.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] 1 if something is wanted, then
-- what the delivery takes. Returns what that does.
-- include delivering
local prefix, id = KEYS[1], ARGV[1]
-- A script that has begun to write goes on where the store is full.
redis.call('HDEL', prefix .. 'session:' .. id, 'answering')
return delivered(prefix, id, ARGV[2], ARGV[3] == '1', unpack(ARGV, 4))

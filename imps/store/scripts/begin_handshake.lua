-- A partner begins a handshake; of too many, the oldest is over.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] which handshake, ARGV[3] its record, ARGV[4]
-- how long it lives (milliseconds), ARGV[5] how many there may be.
local step = KEYS[1] .. 'partner-step:' .. ARGV[1] .. ':in:'
local pending = KEYS[1] .. 'partner-pending:' .. ARGV[1]
redis.call('LREM', pending, 0, ARGV[2])
redis.call('RPUSH', pending, ARGV[2])
redis.call('PEXPIRE', pending, 2 * ARGV[4])
redis.call('SET', step .. ARGV[2], ARGV[3], 'PX', ARGV[4])
while redis.call('LLEN', pending) > tonumber(ARGV[5]) do
    redis.call('DEL', step .. redis.call('LPOP', pending))
end

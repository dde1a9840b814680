-- Queue a message for a partner, behind what its lane holds; once for each operation.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] the lane, ARGV[3] the transaction id, ARGV[4]
-- the id of the operation, ARGV[5] the key, '' for none, of which a message that was not said yet gives
-- way to a newer one, ARGV[6] the message, ARGV[7] now, ARGV[8] when it expires, ARGV[9] how many messages
-- and ARGV[10] how many octets may wait, ARGV[11] how long an operation is remembered (seconds).
-- Returns 1 queued, now or before; 0 too much waits.
-- include partner_queue
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, domain, lane, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local key, message, now = ARGV[5], ARGV[6], tonumber(ARGV[7])
local operations = prefix .. 'partner-operations:' .. domain
local state, keys = prefix .. 'partner-queue:' .. domain, prefix .. 'partner-keys:' .. domain
redis.call('ZREMRANGEBYSCORE', operations, '-inf', now - ARGV[11])
if redis.call('ZSCORE', operations, ARGV[4]) then
    return 1
end
local older = key ~= '' and redis.call('HGET', keys, key)
local before = older and queued(prefix, domain, older)
local replaced = before and before[3] == '0' and before[5]
local octets = tonumber(redis.call('HGET', state, 'octets') or 0) + #message
local count = tonumber(redis.call('HGET', state, 'count') or 0)
if replaced then
    octets = octets - #replaced
elseif count >= tonumber(ARGV[9]) then
    return 0
end
if octets > tonumber(ARGV[10]) then
    return 0
end
redis.call('ZADD', operations, now, ARGV[4])
redis.call('EXPIRE', operations, math.ceil(ARGV[11]))
redis.call('HSET', state, 'octets', octets)
if replaced then
    redis.call('HSET', queued_key(prefix, domain, older), 'message', message, 'expires', ARGV[8])
    redis.call('ZADD', expiring_key(prefix, domain), ARGV[8], older)
    return 1
end
redis.call('HINCRBY', state, 'count', 1)
redis.call('HSET', queued_key(prefix, domain, id), 'lane', lane, 'tries', 0, 'expires', ARGV[8],
    'message', message, 'key', key)
if key ~= '' then
    redis.call('HSET', keys, key, id)
end
redis.call('ZADD', lane_key(prefix, domain, lane), redis.call('HINCRBY', state, 'sequence', 1), id)
redis.call('ZADD', lanes_key(prefix, domain), 'NX', now, lane)
redis.call('ZADD', expiring_key(prefix, domain), ARGV[8], id)
return 1

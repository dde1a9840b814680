-- A message needs not be said any more: forget it; if it was the first of its lane, that is free.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] the transaction id, ARGV[3] now.
-- include partner_queue
local prefix, domain, id = KEYS[1], ARGV[1], ARGV[2]
local found = queued(prefix, domain, id)
if not found then
    return 0
end
local state, keys = prefix .. 'partner-queue:' .. domain, prefix .. 'partner-keys:' .. domain
local lane, key = found[2], redis.call('HGET', queued_key(prefix, domain, id), 'key')
local waiting = lane_key(prefix, domain, lane)
local was_first = redis.call('ZRANGE', waiting, 0, 0)[1] == id
redis.call('HINCRBY', state, 'count', -1)
redis.call('HINCRBY', state, 'octets', -#found[5])
redis.call('DEL', queued_key(prefix, domain, id))
redis.call('ZREM', waiting, id)
redis.call('ZREM', expiring_key(prefix, domain), id)
if key ~= '' and redis.call('HGET', keys, key) == id then
    redis.call('HDEL', keys, key)
end
if redis.call('EXISTS', waiting) == 0 then
    redis.call('ZREM', lanes_key(prefix, domain), lane)
elseif was_first then
    redis.call('ZADD', lanes_key(prefix, domain), ARGV[3], lane)
end
return 1

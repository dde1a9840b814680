-- A message needs not be said any more: forget it; if it was the first of its lane, that is free.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] the transaction id, ARGV[3] now.
-- include partner_queue
local prefix, domain, id = KEYS[1], ARGV[1], ARGV[2]
local found = queued(prefix, domain, id)
if not found then
    return 0
end
local state = prefix .. 'partner-queue:' .. domain
redis.call('HINCRBY', state, 'count', -1)
redis.call('HINCRBY', state, 'octets', -#found[5])
forget_key(prefix, domain, id)
redis.call('DEL', queued_key(prefix, domain, id))
redis.call('ZREM', expiring_key(prefix, domain), id)
leave_lane(prefix, domain, found[2], id, ARGV[3])
return 1

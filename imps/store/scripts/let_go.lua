-- A message was said and will not be again, but its answer may come for a while; its lane is free.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] the transaction id, ARGV[3] now, ARGV[4]
-- until when its answer is waited for.
-- include partner_queue
local prefix, domain, id = KEYS[1], ARGV[1], ARGV[2]
local found = queued(prefix, domain, id)
if found then
    forget_key(prefix, domain, id)
    redis.call('HSET', queued_key(prefix, domain, id), 'gone', 1)
    redis.call('ZADD', expiring_key(prefix, domain), ARGV[4], id)
    leave_lane(prefix, domain, found[2], id, ARGV[3])
end

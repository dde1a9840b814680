-- Claim the messages to a partner whose time is over.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] now, ARGV[3] until when they are the
-- caller's, ARGV[4] how many at most. Returns them.
-- include partner_queue
local prefix, domain = KEYS[1], ARGV[1]
local expiring, claimed = expiring_key(prefix, domain), {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', expiring, '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])) do
    local found = queued(prefix, domain, id)
    if found then
        redis.call('ZADD', expiring, ARGV[3], id)
        claimed[#claimed + 1] = found
    else
        redis.call('ZREM', expiring, id)
    end
end
return claimed

-- Claim the lanes of a partner that are nobody's now.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] now, ARGV[3] until when they are the
-- caller's, ARGV[4] how many at most. Returns the first message of each, which counts as tried.
-- include partner_queue
local prefix, domain = KEYS[1], ARGV[1]
local lanes, claimed = lanes_key(prefix, domain), {}
for _, lane in ipairs(redis.call('ZRANGEBYSCORE', lanes, '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])) do
    local id = redis.call('ZRANGE', lane_key(prefix, domain, lane), 0, 0)[1]
    redis.call('SREM', away_key(prefix, domain), lane)
    local found = id and queued(prefix, domain, id)
    if found then
        redis.call('ZADD', lanes, ARGV[3], lane)
        redis.call('HINCRBY', queued_key(prefix, domain, id), 'tries', 1)
        claimed[#claimed + 1] = found
    elseif id then
        redis.call('ZREM', lane_key(prefix, domain, lane), id)
    else
        redis.call('ZREM', lanes, lane)
    end
end
return claimed

-- A lane is not tried before a time, if its first message is still the one that could not be said.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] the lane, ARGV[3] the transaction id, ARGV[4]
-- the time, ARGV[5] 1 if that is because the partner is away.
-- include partner_queue
local prefix, domain, lane = KEYS[1], ARGV[1], ARGV[2]
if redis.call('ZRANGE', lane_key(prefix, domain, lane), 0, 0)[1] == ARGV[3] then
    redis.call('ZADD', lanes_key(prefix, domain), 'XX', ARGV[4], lane)
    if ARGV[5] == '1' then
        redis.call('SADD', away_key(prefix, domain), lane)
    end
end

-- A partner that was away is there: what could not be said for that reason may be claimed now.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] now. Returns how many lanes there were.
-- include partner_queue
local prefix, domain = KEYS[1], ARGV[1]
local lanes = redis.call('SMEMBERS', away_key(prefix, domain))
for _, lane in ipairs(lanes) do
    redis.call('ZADD', lanes_key(prefix, domain), 'XX', ARGV[2], lane)
end
redis.call('DEL', away_key(prefix, domain))
return #lanes

-- What the store says about itself, written once when it is new.
-- KEYS[1] the format key; ARGV fields and values. Returns all fields and values.
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], unpack(ARGV))
end
return redis.call('HGETALL', KEYS[1])

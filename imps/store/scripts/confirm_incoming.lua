-- The gateway knows that we have what it said.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, then for each text its digest and the session.
-- include hearings
local heard = hearings_key(KEYS[1], ARGV[1])
for i = 2, #ARGV, 2 do
    if redis.call('HGET', heard, ARGV[i]) == ARGV[i + 1] then
        redis.call('HDEL', heard, ARGV[i])
    end
end
return 1

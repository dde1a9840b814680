-- Change what is known of a user's phone, in the user's bucket.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the state before, '' for none, ARGV[3] the state,
-- '' for none any more, ARGV[4] 1 if messages for whoever is off line are to be told by text, ARGV[5]
-- when some of it is to be erased, '' for never.
-- Returns 1; 0 without an account; or, having done nothing, the state that there is, if it is another one.
-- include phones
local key = KEYS[1] .. 'phone:' .. ARGV[1]
if redis.call('EXISTS', KEYS[1] .. 'account:' .. ARGV[1]) == 0 then
    return 0
end
local before = redis.call('HGET', key, 'state') or ''
if before ~= ARGV[2] then
    return before
end
if ARGV[3] == '' then
    redis.call('DEL', key)
else
    redis.call('HSET', key, 'state', ARGV[3], 'tells_absent', ARGV[4])
end
erase_phone(KEYS[1], ARGV[1], ARGV[5])
return 1

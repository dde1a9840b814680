-- Keep the text that was taken for a phone in the same hands for longer.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] the id of the text, ARGV[3] who has taken it,
-- ARGV[4] now, ARGV[5] until when it is theirs.
-- Returns 1, or 0 if it is theirs no more.
-- include texts
local record = phone_key(KEYS[1], ARGV[1])
local current, taker = unpack(redis.call('HMGET', record, 'current', 'taker'))
if current ~= ARGV[2] or taker ~= ARGV[3] then
    return 0
end
redis.call('HSET', record, 'lease', ARGV[5])
look_again(KEYS[1], ARGV[1], tonumber(ARGV[4]))
return 1

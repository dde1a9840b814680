-- Keep the text of a phone that was taken in the same hands for longer.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] who has taken it, ARGV[3] until when it is theirs.
-- Returns 1, or 0 if it is theirs no more.
local inbox = KEYS[1] .. 'inbox:' .. ARGV[1]
if redis.call('HGET', inbox, 'taker') ~= ARGV[2] then
    return 0
end
redis.call('HSET', inbox, 'lease', ARGV[3])
redis.call('ZADD', KEYS[1] .. 'due-inboxes', ARGV[3], ARGV[1])
return 1

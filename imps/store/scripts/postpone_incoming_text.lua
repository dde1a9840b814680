-- Put off the text of a phone that was taken; nobody gets any of that phone until then.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] who has taken it, ARGV[3] until when, ARGV[4] 1
-- if it was tried in vain.
local inbox = KEYS[1] .. 'inbox:' .. ARGV[1]
if redis.call('HGET', inbox, 'taker') ~= ARGV[2] then
    return 0
end
redis.call('HINCRBY', inbox, 'tries', ARGV[4])
redis.call('HSET', inbox, 'taker', '', 'lease', ARGV[3])
redis.call('ZADD', KEYS[1] .. 'due-inboxes', ARGV[3], ARGV[1])
return 1

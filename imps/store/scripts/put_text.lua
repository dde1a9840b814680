-- Put a text to a phone behind those that wait.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] the id of the text, ARGV[3] the text, ARGV[4]
-- now, ARGV[5] until when it is valid, ARGV[6] in which lane it waits, ARGV[7] how many parts it has,
-- ARGV[8] how many may wait for a phone, ARGV[9] who watches it, '' for nobody, ARGV[10] what that is told,
-- ARGV[11] 1 if it is also for a phone that wants to hear nothing; one such may always wait.
-- Returns 1 put, 0 it was put before, -1 too many wait.
-- include texts
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, phone, id, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local text = text_key(prefix, phone, id)
if redis.call('EXISTS', text) == 1 then
    return 0
end
local waiting = 0
for _, lane in ipairs(LANES) do
    waiting = waiting + redis.call('ZCARD', lane_key(prefix, lane, phone))
end
if waiting >= tonumber(ARGV[8]) and ARGV[11] ~= '1' then
    return -1
end
redis.call('HSET', text, 'text', ARGV[3], 'state', 'new', 'expires', ARGV[5], 'parts', ARGV[7],
    'watcher', ARGV[9], 'about', ARGV[10], 'despite_stop', ARGV[11])
redis.call('EXPIRE', text, math.ceil(ARGV[5] - now) + KEPT_SECONDS)
local place = redis.call('HINCRBY', phone_key(prefix, phone), 'sequence', 1)
redis.call('ZADD', lane_key(prefix, ARGV[6], phone), place, id)
redis.call('ZADD', prefix .. 'ending-texts', ARGV[5], phone .. ' ' .. id)
look_again(prefix, phone, now)
return 1

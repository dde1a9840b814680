-- Store a text from a phone, behind those of that phone which are not done yet.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] the id of the text, ARGV[3] the text, ARGV[4]
-- now, ARGV[5] how many may wait for a phone, ARGV[6] how long ids are remembered (seconds), ARGV[7] its
-- digest and ARGV[8] the session in which it was heard, '' if it has an id, ARGV[9] how long that is kept.
-- Returns 1 stored, 0 it came before, -1 too many wait.
-- include hearings
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, phone, id, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local seen, waiting = prefix .. 'incoming-seen:' .. phone, prefix .. 'incoming:' .. phone
local inbox = prefix .. 'inbox:' .. phone
redis.call('ZREMRANGEBYSCORE', seen, '-inf', now - ARGV[6])
if redis.call('ZSCORE', seen, id) then
    return 0
end
if redis.call('ZCARD', waiting) >= tonumber(ARGV[5]) then
    return -1
end
if was_heard(prefix, phone, ARGV[7], ARGV[8], ARGV[9]) then
    return 0
end
redis.call('ZADD', seen, now, id)
redis.call('EXPIRE', seen, math.ceil(ARGV[6]))
redis.call('ZADD', waiting, redis.call('HINCRBY', inbox, 'sequence', 1), id)
redis.call('HSET', prefix .. 'incoming-texts:' .. phone, id, ARGV[3])
-- A phone whose text is being taken is looked at again once that is done, or given up.
redis.call('ZADD', prefix .. 'due-inboxes', 'NX', now, phone)
return 1

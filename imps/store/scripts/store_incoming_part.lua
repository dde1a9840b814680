-- Store a part of a text from a phone, until all are there, or it has waited long enough.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] which text, ARGV[3] which part, ARGV[4] the
-- part, ARGV[5] how many there are, ARGV[6] its id, ARGV[7] now, ARGV[8] until when parts wait, ARGV[9] the
-- parts of how many texts of a phone may wait, ARGV[10] how long ids are remembered (seconds), ARGV[11] its
-- digest and ARGV[12] the session in which it was heard, '' if it has an id, ARGV[13] how long that is kept.
-- Returns 1 stored, 0 it came before, -1 too many wait; and if there are all, the parts.
-- include hearings
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, phone, now = KEYS[1], ARGV[1], tonumber(ARGV[7])
local parts, groups = prefix .. 'incoming-parts:' .. ARGV[2], prefix .. 'incoming-groups:' .. phone
local seen = prefix .. 'incoming-seen:' .. phone
redis.call('ZREMRANGEBYSCORE', seen, '-inf', now - ARGV[10])
if redis.call('ZSCORE', seen, ARGV[6]) then
    return {0}
end
if redis.call('EXISTS', parts) == 0 and redis.call('ZCARD', groups) >= tonumber(ARGV[9]) then
    return {-1}
end
local outcome = 1
if was_heard(prefix, phone, ARGV[11], ARGV[12], ARGV[13]) then
    outcome = 0
else
    redis.call('ZADD', seen, now, ARGV[6])
    redis.call('EXPIRE', seen, math.ceil(ARGV[10]))
    redis.call('HSETNX', parts, 'begun', ARGV[7])
    redis.call('HSETNX', parts, ARGV[3], ARGV[4])
    redis.call('EXPIRE', parts, math.ceil(ARGV[10]))
    redis.call('ZADD', groups, ARGV[8], ARGV[2])
    redis.call('EXPIRE', groups, math.ceil(ARGV[10]))
    redis.call('ZADD', prefix .. 'due-parts', 'NX', ARGV[8], ARGV[2])
end
if redis.call('HLEN', parts) == tonumber(ARGV[5]) + 1 then
    return {outcome, redis.call('HGETALL', parts)}
end
return {outcome}

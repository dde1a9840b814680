-- Look at a session for whoever holds a channel to its client; it is not prolonged.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] after how long a thing is
-- sent again (seconds), ARGV[4] the channel by which its client has come back, '' if it has
-- not: what is in flight to it is sent again at once, and whoever holds another channel looks again.
-- Returns 0 for an unknown session, 2 for one that has expired, and the code with which it ended for
-- one that was ended; else its
-- record, 1 or 0 for whether anything can be fetched, when its client last polled, since when a
-- request of it is being answered, when the answer to the last one said that anything can be, when
-- something in flight will be sent again, '' for never, and the channel by which its client came last.
-- include waiting
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local record, expires, ended, polled, answering, channel = unpack(redis.call('HMGET',
    prefix .. 'session:' .. id, 'record', 'expires', 'ended', 'polled', 'answering', 'channel'))
if ended then
    return tonumber(ended)
end
if not record then
    return 0
end
if tonumber(expires) <= now then
    return 2
end
if ARGV[4] ~= '' then
    -- include flights
    -- include wakeups
    send_again(prefix, id)
    channel = ARGV[4]
    redis.call('HSET', prefix .. 'session:' .. id, 'channel', channel)
    wake(prefix, id)
end
local waits, repetition = can_fetch(prefix, id, now, tonumber(ARGV[3]))
local told = answering and answering:match('^told (.*)$')
return {record, waits and 1 or 0, polled or '',
    not told and answering or '', told or '', repetition and tostring(repetition) or '',
    channel or ''}

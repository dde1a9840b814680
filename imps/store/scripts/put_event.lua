-- Put a report into the outboxes of a user's sessions that agreed on them; keep it for the next one if
-- there is none.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] now, ARGV[3] until when it is worth telling,
-- ARGV[4] the key of the event, ARGV[5] the event, ARGV[6] how many may wait, ARGV[7] the id of the
-- work that this is part of, ARGV[8] how long that is remembered (seconds).
-- A newer event of a key takes the place of an older one that was not sent yet. When too many wait,
-- the oldest goes. Returns 0, having done nothing, if this work was done before or there is no such
-- user.
-- include sessions
local prefix, user, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', prefix .. 'account:' .. user) == 0 then
    return 0
end
local remembered = prefix .. 'done:' .. user
redis.call('ZREMRANGEBYSCORE', remembered, '-inf', now - ARGV[8])
if redis.call('ZADD', remembered, 'NX', now, ARGV[7]) == 0 then
    return 0
end
redis.call('EXPIRE', remembered, math.ceil(ARGV[8]))

local function put(outbox, events)
    put_event(outbox, events, ARGV[4], ARGV[3], ARGV[2], ARGV[5], now)
    keep_at_most(outbox, events, ARGV[6])
end

local anybody = false
for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
    if is_alive(prefix, id, now) and takes_reports(prefix, id) then
        put(prefix .. 'outbox:' .. id, prefix .. 'events:' .. id)
        wake(prefix, id)
        anybody = true
    end
end
if not anybody then
    put(prefix .. 'kept:' .. user, prefix .. 'kept-events:' .. user)
end
return 1

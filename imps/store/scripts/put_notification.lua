-- Put a notification into the outboxes of those sessions of users of a bucket that asked for its kind.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] until when it is worth telling, ARGV[3] its kind,
-- ARGV[4] the key of the event, ARGV[5] the event, ARGV[6] how many may wait, ARGV[7] the session that
-- is not to be told, '' for none, then the users. Returns 1.
-- include sessions
local prefix, now = KEYS[1], tonumber(ARGV[1])
for i = 8, #ARGV do
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. ARGV[i])) do
        if id ~= ARGV[7] and is_alive(prefix, id, now) and wants_notifications(prefix, id, ARGV[3]) then
            local outbox, events = prefix .. 'outbox:' .. id, prefix .. 'events:' .. id
            put_event(outbox, events, ARGV[4], ARGV[2], ARGV[1], ARGV[5], now)
            keep_at_most(outbox, events, ARGV[6])
            wake(prefix, id)
        end
    end
end
return 1

-- Whether an event can be sent to a session: one waits, and not as many as may be are in flight.
local function event_waits(prefix, id, most_in_flight)
    return redis.call('EXISTS', prefix .. 'outbox:' .. id) == 1
        and redis.call('HLEN', prefix .. 'sending:' .. id) < tonumber(most_in_flight)
end

-- Whether a message waits in a user's queue beyond this place.
local function message_waits(prefix, user, cursor)
    local queue = prefix .. 'queue:' .. user
    return #redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'LIMIT', 0, 1) == 1
end

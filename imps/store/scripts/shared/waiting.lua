-- How many events may be in flight to a session.
local MOST_IN_FLIGHT = 5

-- Whether an event, or news of publishers, can be sent to a session to which so many are in flight: one
-- waits, and more may be.
local function event_waits(prefix, id, in_flight)
    return in_flight < MOST_IN_FLIGHT
        and redis.call('EXISTS', prefix .. 'outbox:' .. id, prefix .. 'news:' .. id) > 0
end

-- Whether a message waits in a user's queue beyond this place.
local function message_waits(prefix, user, cursor)
    local queue = prefix .. 'queue:' .. user
    return #redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'LIMIT', 0, 1) == 1
end

-- Whether a session's client, which answers notifications of messages, has yet to answer the last one, of
-- this message: '' for none, nil for a client of which that is not known. Those behind it wait, so that it
-- hears of them in order.
local function notice_is_out(prefix, id, noticed)
    if not noticed or noticed == '' then
        return false
    end
    local event_key = 'notice:' .. noticed
    if redis.call('HEXISTS', prefix .. 'events:' .. id, event_key) == 1 then
        return true
    end
    for _, sent in ipairs(redis.call('HVALS', prefix .. 'sending:' .. id)) do
        if sent:match('^[^\n]*\n([^\n]*)') == event_key then
            return true
        end
    end
    return false
end

-- Whether anything can be sent to a session: what is in flight for long, an event, or else a message.
-- And when what is in flight is sent again, nil if nothing is.
local function can_fetch(prefix, id, now, resend_seconds)
    local user, cursor, flight, messaging, noticed, first = unpack(redis.call('HMGET',
        prefix .. 'session:' .. id, 'user', 'cursor', 'flight', 'messaging', 'noticed', 'flight_at'))
    local sending = redis.call('HVALS', prefix .. 'sending:' .. id)
    first = tonumber(first or nil)
    for _, sent in ipairs(sending) do
        local since = tonumber(sent:match('^%S+'))
        first = first and math.min(first, since) or since
    end
    local repetition = first and first + resend_seconds
    if repetition and repetition <= now or event_waits(prefix, id, #sending) then
        return true, repetition
    end
    return not flight and messaging ~= '' and message_waits(prefix, user, cursor or '0')
        and not notice_is_out(prefix, id, noticed), repetition
end

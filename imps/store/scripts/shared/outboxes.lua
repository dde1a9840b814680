-- An outbox is the keys of its events in order, and for each key until when the event is worth
-- telling, when it was put there first, and the event; a session's is named by 'outbox' and 'events',
-- what is kept for the next session of a user by 'kept' and 'kept-events'. What is being sent to a
-- session is under the transaction id: since when, how often it was sent, until when it is worth
-- telling, when it was put, a line with its key, and the event.
local function fields_of_event(waiting)
    return waiting:match('^(%S+) (%S+) (.*)$')
end

local function fields_of_sending(sent)
    return sent:match('^(%S+) (%S+) (%S+) (%S+)\n([^\n]*)\n(.*)$')
end

local function sending_of(since, times, expires, put_at, key, event)
    return since .. ' ' .. times .. ' ' .. expires .. ' ' .. put_at .. '\n' .. key .. '\n' .. event
end

-- An outbox lives as long as the last of its events is worth telling.
local function prolong(key, seconds)
    if redis.call('TTL', key) < seconds then
        redis.call('EXPIRE', key, seconds)
    end
end

-- Put an event at the end of an outbox, or in front; one of the same key that waits stays where it is.
-- What is put at the end takes its place, what is put in front is older, and does not.
local function put_event(outbox, events, key, expires, put_at, event, now, in_front)
    if redis.call('HEXISTS', events, key) == 0 then
        local edge = redis.call(in_front and 'ZRANGE' or 'ZREVRANGE', outbox, 0, 0, 'WITHSCORES')[2]
        redis.call('ZADD', outbox, (edge or 0) + (in_front and -1 or 1), key)
    elseif in_front then
        return
    end
    redis.call('HSET', events, key, expires .. ' ' .. put_at .. ' ' .. event)
    local seconds = math.max(1, math.ceil(expires - now))
    prolong(outbox, seconds)
    prolong(events, seconds)
end

-- When more wait than may, the oldest goes.
local function keep_at_most(outbox, events, most)
    if redis.call('ZCARD', outbox) > tonumber(most) then
        redis.call('HDEL', events, redis.call('ZPOPMIN', outbox)[1])
    end
end

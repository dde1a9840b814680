-- An outbox is the keys of its events in order, and for each key until when the event is worth
-- telling, and the event; a session's is named by 'outbox' and 'events', what is kept for the next
-- session of a user by 'kept' and 'kept-events'. What is being sent to a session is under the
-- transaction id: since when, how often it was sent, until when it is worth telling, a line with its
-- key, and the event.
local function fields_of_event(waiting)
    return waiting:match('^(%S+) (.*)$')
end

local function fields_of_sending(sent)
    return sent:match('^(%S+) (%S+) (%S+)\n([^\n]*)\n(.*)$')
end

local function sending_of(since, times, expires, key, event)
    return since .. ' ' .. times .. ' ' .. expires .. '\n' .. key .. '\n' .. event
end

-- An outbox lives as long as the last of its events is worth telling.
local function prolong(key, seconds)
    if redis.call('TTL', key) < seconds then
        redis.call('EXPIRE', key, seconds)
    end
end

-- Put an event at the end of an outbox, or in front; one of the same key that waits stays where it is.
-- What is put at the end takes its place, what is put in front is older, and does not.
local function put_event(outbox, events, key, expires, event, now, in_front)
    if redis.call('HEXISTS', events, key) == 0 then
        local edge = redis.call(in_front and 'ZRANGE' or 'ZREVRANGE', outbox, 0, 0, 'WITHSCORES')[2]
        redis.call('ZADD', outbox, (edge or 0) + (in_front and -1 or 1), key)
    elseif in_front then
        return
    end
    redis.call('HSET', events, key, expires .. ' ' .. event)
    local seconds = math.max(1, math.ceil(expires - now))
    prolong(outbox, seconds)
    prolong(events, seconds)
end

-- What a session that ends was not told, or has not answered, is left to the next one of its user.
local function keep_events(prefix, user, id, now)
    local kept, kept_events = prefix .. 'kept:' .. user, prefix .. 'kept-events:' .. user
    local function keep(key, expires, event)
        if tonumber(expires) > now then
            put_event(kept, kept_events, key, expires, event, now, true)
        end
    end
    -- The latest comes first, as each is put in front of what is there.
    local events = prefix .. 'events:' .. id
    for _, key in ipairs(redis.call('ZREVRANGE', prefix .. 'outbox:' .. id, 0, -1)) do
        keep(key, fields_of_event(redis.call('HGET', events, key) or '0 '))
    end
    local sending = redis.call('HGETALL', prefix .. 'sending:' .. id)
    local sent = {}
    for i = 1, #sending, 2 do
        sent[#sent + 1] = {tonumber(sending[i]:sub(2)), sending[i + 1]}
    end
    table.sort(sent, function(one, other) return one[1] > other[1] end)
    for _, each in ipairs(sent) do
        local _, _, expires, key, event = fields_of_sending(each[2])
        -- News of publishers are the session's own.
        if key ~= 'news' then
            keep(key, expires, event)
        end
    end
end

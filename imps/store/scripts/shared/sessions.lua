-- include alive
-- include messages
-- include outboxes
-- include wakeups
-- include phones
-- include presence
local function takes_reports(prefix, id)
    return redis.call('HGET', prefix .. 'session:' .. id, 'takes_reports') == '1'
end

-- Whether a session asked for notifications of a kind.
local function wants_notifications(prefix, id, kind)
    local wanted = redis.call('HGET', prefix .. 'session:' .. id, 'notifications') or ''
    return (' ' .. wanted .. ' '):find(' ' .. kind .. ' ', 1, true) ~= nil
end

-- What was kept for a user while no session took it is told by one that does.
local function take_kept(prefix, user, id, now)
    local kept, kept_events = prefix .. 'kept:' .. user, prefix .. 'kept-events:' .. user
    for _, key in ipairs(redis.call('ZRANGE', kept, 0, -1)) do
        local expires, put_at, event = fields_of_event(redis.call('HGET', kept_events, key) or '0 0 ')
        put_event(prefix .. 'outbox:' .. id, prefix .. 'events:' .. id, key, expires, put_at, event,
            now)
    end
    redis.call('DEL', kept, kept_events)
end

-- Leave a report to those sessions that live and were not there when it came, or to the next one of the
-- user. What is of the session alone is left to nobody.
local function leave_report(prefix, user, others, now, key, expires, put_at, event)
    if tonumber(expires) <= now or not key:find('^report:') then
        return
    end
    for _, other in ipairs(others) do
        if other[2] <= tonumber(put_at) then
            return
        end
    end
    if #others == 0 then
        put_event(prefix .. 'kept:' .. user, prefix .. 'kept-events:' .. user, key, expires, put_at,
            event, now, true)
    end
    for _, other in ipairs(others) do
        put_event(prefix .. 'outbox:' .. other[1], prefix .. 'events:' .. other[1], key, expires,
            put_at, event, now, true)
        wake(prefix, other[1])
    end
end

-- What a session was not told is left to the others.
local function leave_reports(prefix, user, id, now)
    local others = {}
    for _, other in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        if other ~= id and is_alive(prefix, other, now) and takes_reports(prefix, other) then
            others[#others + 1] = {other,
                tonumber(redis.call('HGET', prefix .. 'session:' .. other, 'opened'))}
        end
    end
    -- The latest comes first, as each is put in front of what is there.
    local outbox, events = prefix .. 'outbox:' .. id, prefix .. 'events:' .. id
    for _, key in ipairs(redis.call('ZREVRANGE', outbox, 0, -1)) do
        leave_report(prefix, user, others, now, key,
            fields_of_event(redis.call('HGET', events, key) or '0 0 '))
        if key:find('^report:') then
            redis.call('ZREM', outbox, key)
            redis.call('HDEL', events, key)
        end
    end
    local sending, sent = redis.call('HGETALL', prefix .. 'sending:' .. id), {}
    for i = 1, #sending, 2 do
        sent[#sent + 1] = {tonumber(sending[i]:sub(2)), sending[i + 1], sending[i]}
    end
    table.sort(sent, function(one, other) return one[1] > other[1] end)
    for _, each in ipairs(sent) do
        local _, _, expires, put_at, key, event = fields_of_sending(each[2])
        leave_report(prefix, user, others, now, key, expires, put_at, event)
        if key:find('^report:') then
            redis.call('HDEL', prefix .. 'sending:' .. id, each[3])
        end
    end
end

-- End a session, with all that ends with it. Messages that waited for it alone, and that another one
-- has acknowledged, go; what the user was not told is left to the next session, unless another one
-- tells it. Those who watch the user are told that the client is gone, and its own subscriptions end:
-- that is work, left to whoever caused it until lease. A code is what requests of its client get for so
-- many seconds; without one, it is forgotten. Returns the work, or nil when there was no such session.
local function end_session(prefix, id, now, lease, code, seconds)
    local key = prefix .. 'session:' .. id
    local user, client, absent = unpack(redis.call('HMGET', key, 'user', 'client', 'absent'))
    if not user then
        return nil
    end
    local attributes = table.concat(redis.call('HKEYS', prefix .. 'client-presence:' .. id), ' ')
    local work = {''}
    if absent ~= '1' then
        work[1] = presence_changed(prefix, user, union('OnlineStatus ClientInfo CommCap', attributes),
            lease)
    end
    if redis.call('EXISTS', prefix .. 'subscriptions:' .. id) == 1 then
        work[2] = cjson.encode({'unsubscribe', 'unsubscribe:' .. id, id, user})
        leave_work(prefix, 'unsubscribe:' .. id, work[2], lease)
    end
    local index = prefix .. 'sessions:' .. user
    -- It is dead from here on, and awaits nothing.
    redis.call('HDEL', key, 'expires')
    redis.call('ZREM', prefix .. 'expiring-sessions', id)
    if redis.call('HGET', index, client) == id then
        redis.call('HDEL', index, client)
    end
    for _, message_id in ipairs(redis.call('ZRANGE', prefix .. 'queue:' .. user, 0, -1)) do
        leave_message(prefix, user, message_id, id, function() return true end)
    end
    leave_reports(prefix, user, id, now)
    -- What was asked and answered is forgotten with time: a repetition may still come.
    for _, kind in ipairs({'session', 'outbox', 'events', 'sending', 'news', 'news-of',
        'client-presence', 'followed', 'lists-used'}) do
        redis.call('DEL', prefix .. kind .. ':' .. id)
    end
    if code then
        redis.call('HSET', key, 'ended', code)
        redis.call('EXPIRE', key, math.ceil(seconds))
    end
    wake(prefix, id)
    if has_phone(prefix, user) and redis.call('EXISTS', prefix .. 'queue:' .. user) == 1 then
        tell_phone(prefix, user)
    end
    return work
end

-- include messages
-- include outboxes
-- include wakeups
-- include presence
local function is_alive(prefix, id, now)
    return tonumber(redis.call('HGET', prefix .. 'session:' .. id, 'expires') or 0) > now
end

local function is_anybody_alive(prefix, user, now)
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        if is_alive(prefix, id, now) then
            return true
        end
    end
    return false
end

-- End a session, with all that ends with it. Messages that waited for it alone, and that another one
-- has acknowledged, go; what the user was not told is left to the next session, unless another one
-- tells it. Those who watch the user are told that the client is gone, and its own subscriptions end:
-- that is work, left to whoever caused it until lease. A code is what requests of its client get for so
-- many seconds; without one, it is forgotten. Returns the work, or nil when there was no such session.
local function end_session(prefix, id, now, lease, code, seconds)
    local key = prefix .. 'session:' .. id
    local user, client = unpack(redis.call('HMGET', key, 'user', 'client'))
    if not user then
        return nil
    end
    local attributes = table.concat(redis.call('HKEYS', prefix .. 'client-presence:' .. id), ' ')
    local work = {presence_changed(prefix, user, union('OnlineStatus ClientInfo CommCap', attributes),
        lease)}
    if redis.call('EXISTS', prefix .. 'subscriptions:' .. id) == 1 then
        work[2] = cjson.encode({'unsubscribe', 'unsubscribe:' .. id, id})
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
    if not is_anybody_alive(prefix, user, now) then
        keep_events(prefix, user, id, now)
    end
    for _, kind in ipairs({'session', 'transactions', 'answers', 'outbox', 'events', 'sending', 'news',
        'news-of', 'client-presence', 'followed'}) do
        redis.call('DEL', prefix .. kind .. ':' .. id)
    end
    if code then
        redis.call('HSET', key, 'ended', code)
        redis.call('EXPIRE', key, math.ceil(seconds))
        wake(prefix, id)
    end
    return work
end

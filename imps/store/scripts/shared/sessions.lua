local function forget_session(prefix, id)
    for _, kind in ipairs({'session', 'transactions', 'answers', 'outbox', 'events', 'sending'}) do
        redis.call('DEL', prefix .. kind .. ':' .. id)
    end
end

-- The server ends a session: its client is told so, once, for as long as that is remembered.
local function end_session(prefix, id, code, seconds)
    forget_session(prefix, id)
    redis.call('HSET', prefix .. 'session:' .. id, 'ended', code)
    redis.call('EXPIRE', prefix .. 'session:' .. id, math.ceil(seconds))
end

local function is_alive(prefix, id, now)
    return tonumber(redis.call('HGET', prefix .. 'session:' .. id, 'expires') or 0) > now
end

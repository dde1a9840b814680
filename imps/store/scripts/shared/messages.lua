local function message_key(prefix, user, id)
    return prefix .. 'message:' .. user .. ':' .. id
end

local function remove_message(prefix, user, id)
    local size = redis.call('HGET', message_key(prefix, user, id), 'size') or 0
    redis.call('DEL', message_key(prefix, user, id))
    redis.call('ZREM', prefix .. 'queue:' .. user, id)
    redis.call('HINCRBY', prefix .. 'waiting:' .. user, 'octets', -size)
end

-- A session is through with a message; it goes once it is closed and nobody waits for it any more.
-- Whom it still waits for is said by is_awaiting(session id).
local function leave_message(prefix, user, message_id, id, is_awaiting)
    local message = message_key(prefix, user, message_id)
    local sessions, closed = unpack(redis.call('HMGET', message, 'sessions', 'closed'))
    if not sessions then
        return
    end
    local rest = ' '
    for other in sessions:gmatch('%S+') do
        if other ~= id and is_awaiting(other) then
            rest = rest .. other .. ' '
        end
    end
    if closed and rest == ' ' then
        remove_message(prefix, user, message_id)
    elseif rest ~= sessions then
        redis.call('HSET', message, 'sessions', rest)
    end
end

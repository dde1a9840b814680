-- include work
-- include wakeups
local function message_key(prefix, user, id)
    return prefix .. 'message:' .. user .. ':' .. id
end

-- Content of more octets has a key of its own, so that it is read only when it is sent.
local LARGE = 65536

local function content_key(prefix, user, id)
    return prefix .. 'content:' .. user .. ':' .. id
end

-- The head of a message, and its content, '' for large content unless it is wanted.
local function read_message(prefix, user, id, with_large)
    local head, content = unpack(redis.call('HMGET', message_key(prefix, user, id), 'head', 'content'))
    if not content then
        content = with_large and redis.call('GET', content_key(prefix, user, id)) or ''
    end
    return head, content
end

-- Where a token leads by which the content of a message can be had without a session: to the id of the
-- message and its user. It is kept with the message, too, and goes with it.
local function link_key(prefix, token)
    return prefix .. 'link:' .. token
end

local function remove_message(prefix, user, id)
    local size, token = unpack(redis.call('HMGET', message_key(prefix, user, id), 'size', 'link'))
    if token then
        redis.call('DEL', link_key(prefix, token))
    end
    redis.call('DEL', message_key(prefix, user, id), content_key(prefix, user, id))
    redis.call('ZREM', prefix .. 'queue:' .. user, id)
    redis.call('ZREM', prefix .. 'expiring-messages', id .. ' ' .. user)
    redis.call('ZREM', prefix .. 'held-messages', id .. ' ' .. user)
    redis.call('HINCRBY', prefix .. 'waiting:' .. user, 'octets', -(size or 0))
end

-- What became of a message, which is said once. Its sender is told, if the sender wants that: as work,
-- which is left for a while to whoever caused it. Returns that, '' for none; and the ending: what is
-- written down of the message, '' if that was done before or there is no such message.
local function report_message(prefix, user, id, code, at, lease)
    local head, report, closed = unpack(redis.call('HMGET', message_key(prefix, user, id), 'head',
        'report', 'closed'))
    if not head or closed then
        return '', ''
    end
    local ending = {id, user, code, head}
    if not report then
        return '', ending
    end
    local work = cjson.encode({'report', id .. ':' .. user, id, user, at, report, tonumber(code)})
    leave_work(prefix, id .. ':' .. user, work, lease)
    return work, ending
end

-- A message that was for one session alone, which did not take it, is for all: behind what waits, so
-- that those come to it who have passed it by. If that session gave it up, it is not for that any more.
local function offer_to_all(prefix, user, message_id, gave_up)
    redis.call('HDEL', message_key(prefix, user, message_id), 'only')
    redis.call('ZREM', prefix .. 'held-messages', message_id .. ' ' .. user)
    if gave_up then
        redis.call('HSET', message_key(prefix, user, message_id), 'given_up', gave_up)
    end
    local place = redis.call('HINCRBY', prefix .. 'waiting:' .. user, 'sequence', 1)
    redis.call('ZADD', prefix .. 'queue:' .. user, place, message_id)
    for _, other in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        wake(prefix, other)
    end
end

-- Whether a session leaves messages to others as long as there are others.
local function stands_back(prefix, id)
    return redis.call('HGET', prefix .. 'session:' .. id, 'texted') == 'last'
end

-- Whether any of these sessions is awaited.
local function any_of(sessions, is_awaiting)
    for id in sessions:gmatch('%S+') do
        if is_awaiting(id) then
            return true
        end
    end
    return false
end

-- Whether it leaves this one, that these sessions are to have.
local function leaves_to_others(prefix, id, sessions, is_awaiting)
    return not sessions:find(' ' .. id .. ' ', 1, true) and stands_back(prefix, id)
        and any_of(sessions, is_awaiting)
end

-- Those to whom a message was left that nobody has taken get it after all.
local function offer_to_last(prefix, user, message_id)
    for _, other in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        if stands_back(prefix, other) then
            offer_to_all(prefix, user, message_id)
            return
        end
    end
end

-- A session is through with a message; it goes once it is closed and nobody waits for it any more.
-- Whom it still waits for is said by is_awaiting(session id).
local function leave_message(prefix, user, message_id, id, is_awaiting)
    local message = message_key(prefix, user, message_id)
    local sessions, closed, only = unpack(redis.call('HMGET', message, 'sessions', 'closed', 'only'))
    if not sessions then
        return
    end
    if only == id and not closed then
        offer_to_all(prefix, user, message_id, id)
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
        if rest == ' ' and not only and not stands_back(prefix, id) then
            offer_to_last(prefix, user, message_id)
        end
    end
end

-- A message is on its way to a phone, and what became of it is said later: what its sender is to be told
-- then is kept. Returns no work, and the ending where nobody is to be told.
local function hand_message(prefix, user, id, code)
    local head, report, closed = unpack(redis.call('HMGET', message_key(prefix, user, id), 'head',
        'report', 'closed'))
    if not head or closed then
        return '', ''
    elseif not report then
        return '', {id, user, code, head}
    end
    redis.call('HSET', message_key(prefix, user, id), 'closed', 1)
    redis.call('HSET', prefix .. 'handed:' .. user, id, cjson.encode({report, head}))
    return '', ''
end

-- Whether a client, told by its URL, its number and its application, is one that these words mean: what
-- they leave empty may be anything.
local function is_meant(words, client)
    local rest = client .. '\n'
    for word in (words .. '\n'):gmatch('([^\n]*)\n') do
        local part = rest:match('^([^\n]*)\n') or ''
        rest = rest:sub(#part + 2)
        if word ~= '' and word ~= part then
            return false
        end
    end
    return true
end

-- Whether any of these, as JSON, mean the client of a session.
local function means_client_of(prefix, clients, id)
    local client = redis.call('HGET', prefix .. 'session:' .. id, 'client') or ''
    for _, words in ipairs(cjson.decode(clients)) do
        if is_meant(words, client) then
            return true
        end
    end
    return false
end

-- Whether a session may have a message: one that is closed only if it was on line when it came, one
-- that is for one session alone only where that is gone, one for some clients only if it is of those.
-- Then the sessions that were on line, nil if there is no such message, and whether it is closed.
local function may_have_message(prefix, user, message_id, id, now, is_awaiting)
    local sessions, closed, expires, only, given_up, clients = unpack(redis.call('HMGET',
        message_key(prefix, user, message_id), 'sessions', 'closed', 'expires', 'only', 'given_up',
        'clients'))
    local may = sessions and tonumber(expires) > now and given_up ~= id
        and (not closed or sessions:find(' ' .. id .. ' ', 1, true))
        and (not only or only == id or not is_awaiting(only))
        and (not clients or means_client_of(prefix, clients, id))
        and not leaves_to_others(prefix, id, sessions, is_awaiting)
    return may, sessions, closed
end

-- Store one message for any number of recipients of a bucket, behind what waits for them.
-- KEYS[1] the bucket's prefix; ARGV[1] the message id, ARGV[2] now, ARGV[3] when it expires, ARGV[4]
-- its head, ARGV[5] its content, ARGV[6] how many messages and ARGV[7] how many octets may wait for
-- a user, ARGV[8] how long its token is remembered (seconds), ARGV[9] what a report on it says, '' if
-- none is wanted, ARGV[10] for how long it is held for one session that is to have it alone, ARGV[11] the
-- names of the sender, with blanks between, '' if they have not been looked up, ARGV[12] the sender's
-- application, folded as in access lists, '' for none, ARGV[13] how long a user who is off line is told
-- of no other message, ARGV[14] the token, by which a repetition is known, then the recipients, each with
-- the clients that it is for, as JSON, '' for all.
-- Returns for each 1 stored (now or before), 0 no such user, -1 too much waits for the user, -2 the user
-- takes nothing from the sender, -3 the names of the sender are needed to tell, -4 none of these clients
-- is on line, -5 nobody is, and nothing is to be kept for the user then, -6 all sessions that would get
-- it reject such content, -7 another message of this id waits for the user.
-- include sessions
-- include access
-- include content_policy
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, message_id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local head, content = ARGV[4], ARGV[5]
local size = #head + #content

-- What a user wants to be kept while nobody is signed on is what a client said last.
local REFUSES = {PRIORITYREJECT = true, REJECT = true, SENDREJECT = true}

-- Whether a session rejects this message, by what it says of types and sizes.
local said
local function is_unwanted(rejects)
    if not rejects or rejects == '' then
        return false
    end
    said = said or cjson.decode(head)
    return is_rejected(rejects, said.type, said.size)
end

-- The sessions of a user that get a message, which may be for some clients alone: those of phones that are
-- told by text only if there are no others, unless they want it all the same; and if it is for one
-- session alone, that one: of highest priority, the latest among equals, if that asks for it. None where
-- all of them reject it.
local function takers(user, clients)
    local sessions, last, best, best_priority, best_opened, best_handling = ' ', ' ', nil, nil, nil, nil
    local some_reject = false
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        local messaging, expires, opened, rejects, texted = unpack(redis.call('HMGET',
            prefix .. 'session:' .. id, 'messaging', 'expires', 'opened', 'rejects', 'texted'))
        local priority, handling = (messaging or ''):match('^(%S+) (%S+)')
        local may_have = priority and tonumber(expires) > now
            and (clients == '' or means_client_of(prefix, clients, id))
        if may_have and is_unwanted(rejects) then
            some_reject = true
        elseif may_have and texted == 'last' then
            last = last .. id .. ' '
        elseif may_have then
            sessions = sessions .. id .. ' '
            priority, opened = tonumber(priority), tonumber(opened)
            if not best or priority > best_priority
                or priority == best_priority and opened >= best_opened then
                best, best_priority, best_opened, best_handling = id, priority, opened, handling
            end
        end
    end
    if not best and last ~= ' ' then
        return last, nil
    elseif some_reject and not best then
        return nil
    end
    if best_handling == 'DETECT' then
        return ' ' .. best .. ' ', best
    end
    return sessions, nil
end

-- The user is told of this message while off line, if that was agreed on, and was not told of another one
-- lately. Nobody waits for that.
local function leave_offline_notice(user, state)
    local agreed, noticed = unpack(redis.call('HMGET', state, 'offline_notices', 'offline_noticed'))
    if not agreed or noticed and now - noticed < tonumber(ARGV[13]) then
        return
    end
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        if is_alive(prefix, id, now) then
            return
        end
    end
    redis.call('HSET', state, 'offline_noticed', ARGV[2])
    said = said or cjson.decode(head)
    local id = 'offline-notice:' .. message_id .. ':' .. user
    leave_work(prefix, id, cjson.encode({'offline-notice', id, user, said.from}), now)
end

local function store(user, clients)
    if redis.call('EXISTS', prefix .. 'account:' .. user) == 0 then
        return 0
    end
    local recent = prefix .. 'recent:' .. user
    redis.call('ZREMRANGEBYSCORE', recent, '-inf', now)
    if redis.call('ZSCORE', recent, ARGV[14]) then
        return 1
    elseif redis.call('EXISTS', message_key(prefix, user, message_id)) == 1 then
        return -7
    end
    if is_choosy(prefix, user) then
        if ARGV[11] == '' then
            return -3
        elseif not is_welcome(prefix, user, ARGV[11], ARGV[12]) then
            return -2
        end
    end
    local queue, state = prefix .. 'queue:' .. user, prefix .. 'waiting:' .. user
    local octets = tonumber(redis.call('HGET', state, 'octets') or 0)
    if redis.call('ZCARD', queue) >= tonumber(ARGV[6]) or octets + size > tonumber(ARGV[7]) then
        return -1
    end
    local sessions, only = takers(user, clients)
    if not sessions then
        return -6
    elseif sessions == ' ' and clients ~= '' then
        return -4
    elseif sessions == ' ' and REFUSES[redis.call('HGET', state, 'offline_handling')] then
        return -5
    end
    for id in sessions:gmatch('%S+') do
        wake(prefix, id)
    end
    if sessions == ' ' and has_phone(prefix, user) then
        tell_phone(prefix, user)
    end
    local message = message_key(prefix, user, message_id)
    redis.call('HSET', message, 'head', head, 'size', size, 'expires', ARGV[3], 'sessions', sessions)
    if #content > LARGE then
        redis.call('SET', content_key(prefix, user, message_id), content)
    else
        redis.call('HSET', message, 'content', content)
    end
    if clients ~= '' then
        redis.call('HSET', message, 'clients', clients)
    end
    if only then
        redis.call('HSET', message, 'only', only)
        redis.call('ZADD', prefix .. 'held-messages', now + ARGV[10], message_id .. ' ' .. user)
    end
    if ARGV[9] ~= '' then
        redis.call('HSET', message, 'report', ARGV[9])
    end
    redis.call('ZADD', queue, redis.call('HINCRBY', state, 'sequence', 1), message_id)
    redis.call('HINCRBY', state, 'octets', size)
    redis.call('ZADD', prefix .. 'expiring-messages', ARGV[3], message_id .. ' ' .. user)
    redis.call('ZADD', recent, now + ARGV[8], ARGV[14])
    redis.call('EXPIRE', recent, math.max(redis.call('TTL', recent), math.ceil(ARGV[8])))
    -- Who is told the message itself by text needs no notice of it.
    if sessions == ' ' and not has_phone(prefix, user) then
        leave_offline_notice(user, state)
    end
    return 1
end

local outcomes = {}
for i = 15, #ARGV, 2 do
    outcomes[#outcomes + 1] = store(ARGV[i], ARGV[i + 1])
end
return outcomes

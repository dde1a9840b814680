-- Take a session's acknowledgement, if it has one, and give it its next message, if it wants one.
--
-- A message waits in the user's queue until every session that was on line when it came (its
-- "sessions") has acknowledged it, given it up or ended, and at least one has acknowledged it
-- ("closed"). A session that came later gets it as long as it is not closed. A session takes one
-- message at a time, in order; which one is in flight, under which transaction id, since when and
-- for which time is in its record.
--
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] what is acknowledged:
-- '' nothing, 'transaction' what is in flight under ARGV[4], 'refused' the same but not wanted,
-- 'message' the message of id ARGV[4]; ARGV[5] 1 if a message is wanted, ARGV[6] after how many
-- seconds and ARGV[7] how many times at most one is sent.
-- Returns what became of the acknowledgement (1 done, 0 unknown), 1 or 0 for whether more waits and
-- then, if there is one, the message to send: its transaction id, since when it is in flight, its
-- id, head and content.
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'session:' .. id
local user = redis.call('HGET', key, 'user')
if not user then
    return {0, 0}
end
local queue, state = prefix .. 'queue:' .. user, prefix .. 'waiting:' .. user

local function name(message_id)
    return prefix .. 'message:' .. user .. ':' .. message_id
end

local function remove(message_id)
    local size = redis.call('HGET', name(message_id), 'size') or 0
    redis.call('DEL', name(message_id))
    redis.call('ZREM', queue, message_id)
    redis.call('HINCRBY', state, 'octets', -size)
end

-- This session is through with a message; it goes once nobody waits for it any more.
local function leave(message_id, acknowledged)
    local sessions, closed = unpack(redis.call('HMGET', name(message_id), 'sessions', 'closed'))
    if not sessions then
        return
    end
    closed = closed or acknowledged
    local rest = ' '
    for other in sessions:gmatch('%S+') do
        local expires = redis.call('HGET', prefix .. 'session:' .. other, 'expires')
        if other ~= id and tonumber(expires or 0) > now then
            rest = rest .. other .. ' '
        end
    end
    if closed and rest == ' ' then
        remove(message_id)
    else
        redis.call('HSET', name(message_id), 'sessions', rest)
        if closed then
            redis.call('HSET', name(message_id), 'closed', 1)
        end
    end
end

local function land()
    redis.call('HDEL', key, 'flight', 'flight_transaction', 'flight_at', 'flight_tries')
end

local flight, transaction, since, tries = unpack(redis.call('HMGET', key, 'flight',
    'flight_transaction', 'flight_at', 'flight_tries'))

local done = 0
local acknowledged = false
if ARGV[3] == 'message' then
    if flight == ARGV[4] or redis.call('ZSCORE', queue, ARGV[4]) then
        acknowledged = ARGV[4]
    elseif (redis.call('HGET', key, 'delivered') or ''):find(' ' .. ARGV[4] .. ' ', 1, true) then
        done = 1
    end
elseif ARGV[3] ~= '' and flight and transaction == ARGV[4] then
    acknowledged = flight
end
if acknowledged then
    done = 1
    leave(acknowledged, ARGV[3] ~= 'refused')
    local delivered = redis.call('HGET', key, 'delivered') or ' '
    delivered = (delivered .. acknowledged .. ' '):sub(-400):match(' .*$') or ' '
    redis.call('HSET', key, 'delivered', delivered)
    if acknowledged == flight then
        land()
        flight = false
    end
end

local cursor = redis.call('HGET', key, 'cursor') or '0'

local function more()
    return #redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'LIMIT', 0, 1)
end

if ARGV[5] ~= '1' then
    return {done, more()}
end

local function sent(message_id)
    local head, content = unpack(redis.call('HMGET', name(message_id), 'head', 'content'))
    return {done, more(), transaction, since, message_id, head, content}
end

if flight then
    local alive = redis.call('EXISTS', name(flight)) == 1
    if alive and now - since < tonumber(ARGV[6]) then
        return {done, 0}
    end
    if alive and tonumber(tries) < tonumber(ARGV[7]) then
        -- The same message once more, as it was: since when it flies is part of what it says.
        redis.call('HSET', key, 'flight_at', ARGV[2], 'flight_tries', tries + 1)
        since = redis.call('HGET', key, 'flight_since')
        return sent(flight)
    end
    if alive then
        leave(flight, false)
    end
    land()
end

while true do
    local found = redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT',
        0, 1)
    if #found == 0 then
        redis.call('HSET', key, 'cursor', cursor)
        return {done, 0}
    end
    local message_id = found[1]
    cursor = found[2]
    local sessions, closed, expires = unpack(redis.call('HMGET', name(message_id), 'sessions',
        'closed', 'expires'))
    if not sessions or tonumber(expires) <= now then
        remove(message_id)
    elseif not closed or sessions:find(' ' .. id .. ' ', 1, true) then
        transaction = 's' .. redis.call('HINCRBY', key, 'transactions', 1)
        since = ARGV[2]
        redis.call('HSET', key, 'cursor', cursor, 'flight', message_id, 'flight_transaction',
            transaction, 'flight_at', since, 'flight_since', since, 'flight_tries', 1)
        return sent(message_id)
    end
end

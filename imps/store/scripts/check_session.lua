-- Look up a session at a request, and prolong it.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] how long an operation
-- keeps its id, ARGV[4] how long at most it is carried out and ARGV[5] after how long a message is
-- sent again (seconds), ARGV[6] the code of a session that has expired, ARGV[7] how many events may
-- be in flight, then for each request that may come twice its transaction id, a digest of its octets
-- and a new operation id.
-- Returns 0 for an unknown session and the code with which it ended for one that is over; else its
-- record, 1 or 0 for whether anything can be fetched, and for each request its operation id, '' if
-- another one of that transaction id is being carried out, and the answer that it got, '' if none is
-- kept.
-- include waiting
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'session:' .. id
local record, user, lifetime, remembered, expires, cursor, flight_at, ended = unpack(redis.call(
    'HMGET', key, 'record', 'user', 'lifetime', 'remembered', 'expires', 'cursor', 'flight_at',
    'ended'))
if ended then
    return tonumber(ended)
end
if not record then
    return 0
end
if tonumber(expires) <= now then
    return tonumber(ARGV[6])
end
-- EXPIRE comes first: a store that is full lets a script go on that has begun to write, and those
-- who are signed on must be able to fetch what fills it.
redis.call('EXPIRE', key, math.ceil(lifetime + remembered))
redis.call('HSET', key, 'expires', now + lifetime)

local function is_due(at)
    return now - at >= tonumber(ARGV[5])
end

local function can_fetch()
    for _, sent in ipairs(redis.call('HVALS', prefix .. 'sending:' .. id)) do
        if is_due(sent:match('^%S+')) then
            return true
        end
    end
    if event_waits(prefix, id, ARGV[7]) then
        return true
    end
    if flight_at then
        return is_due(flight_at)
    end
    return message_waits(prefix, user, cursor or '0')
end

local answer = {record, can_fetch() and 1 or 0}
if #ARGV == 7 then
    return answer
end

-- Transaction ids are re-used by clients: what makes a request the same one is its octets, too.
local transactions, answers = prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id
local window, limit = tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('HLEN', transactions) >= 32 then
    local known = redis.call('HGETALL', transactions)
    for i = 1, #known, 2 do
        if now - known[i + 1]:match('^%S+') > window then
            redis.call('HDEL', transactions, known[i])
        end
    end
end
for i = 8, #ARGV, 3 do
    local transaction, digest, operation = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local kept = redis.call('HGET', answers, transaction)
    local at, before, first = (redis.call('HGET', transactions, transaction) or ''):match(
        '^(%S+) (%S+) (%S+)$')
    if at and before == digest and now - at <= window then
        operation = first
    else
        if at and not kept and now - at < limit then
            operation = ''
        else
            redis.call('HSET', transactions, transaction,
                ARGV[2] .. ' ' .. digest .. ' ' .. operation)
        end
        kept = false
    end
    answer[#answer + 1] = operation
    answer[#answer + 1] = kept or ''
end
redis.call('EXPIRE', transactions, math.ceil(window))
return answer

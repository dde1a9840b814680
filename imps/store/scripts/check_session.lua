-- Look up a session at a request, and prolong it.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] 1 if the client polls, ARGV[4] 1
-- if the answer says at its end whether anything waits, ARGV[5] how many requests a session may make in a
-- second, in the long run, ARGV[6] as how many this counts, ARGV[7] after how long a thing is sent again
-- (seconds), then for each request that may come twice its transaction id, a digest of its octets and a
-- new operation id.
-- Returns what prolonging does where there is no session, unless the answer to the first request is kept,
-- which then comes with an empty record; else its record, 1 or 0 for whether anything can be fetched, and
-- for each request its operation id, '' if another one of that transaction id is being carried out, and
-- the answer that it got, '' if none is kept.
-- include prolonging
-- include waiting
-- include operations
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'session:' .. id
local transactions, answers = prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id

-- When a transaction id was used last, for which octets and which operation, and whether that is done.
local function asked_before(transaction)
    return (redis.call('HGET', transactions, transaction) or ''):match('^(%S+) (%S+) (%S+) ?(%S*)$')
end

local record, why_not = prolonged(prefix, id, ARGV[2], ARGV[3] == '1', ARGV[4] == '1',
    tonumber(ARGV[5]), tonumber(ARGV[6]))
if not record then
    -- What was answered in a session that is over is answered again.
    if ARGV[8] and why_not ~= 1 then
        local at, before = asked_before(ARGV[8])
        local kept = redis.call('HGET', answers, ARGV[8])
        if kept and at and before == ARGV[9] and now - at <= OPERATION_SECONDS then
            return {'', 0, '-', kept}
        end
    end
    return why_not
end
local answer = {record, can_fetch(prefix, id, now, tonumber(ARGV[7])) and 1 or 0}
if not ARGV[8] then
    return answer
end

-- Transaction ids are re-used by clients: what makes a request the same one is its octets, too.
if redis.call('HLEN', transactions) >= 32 then
    local known = redis.call('HGETALL', transactions)
    for i = 1, #known, 2 do
        if now - known[i + 1]:match('^%S+') > OPERATION_SECONDS then
            redis.call('HDEL', transactions, known[i])
        end
    end
end
for i = 8, #ARGV, 3 do
    local transaction, digest, operation = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local at, before, first, state = asked_before(transaction)
    local kept = ''
    if at and before == digest and now - at <= OPERATION_SECONDS then
        operation = first
        kept = redis.call('HGET', answers, transaction) or ''
    elseif at and state == '' and now - at < OPERATION_LIMIT_SECONDS then
        operation = ''
    else
        redis.call('HSET', transactions, transaction, ARGV[2] .. ' ' .. digest .. ' ' .. operation)
        redis.call('HDEL', answers, transaction)
    end
    answer[#answer + 1] = operation
    answer[#answer + 1] = kept
end
redis.call('EXPIRE', transactions, OPERATION_SECONDS)
if answer[4] ~= '' then
    -- That answer was made before, and says nothing of what waits by now.
    redis.call('HDEL', key, 'answering')
end
return answer

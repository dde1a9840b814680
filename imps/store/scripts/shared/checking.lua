-- include waiting
-- Look up a session at a request, and prolong it. Given are: [1] the session id, [2] now, [3] how long
-- an operation keeps its id, [4] how long at most it is carried out and [5] after how long a message is
-- sent again (seconds), [6] the code of a session that has expired, [7] how many events may be in
-- flight, [8] 1 if the client polls, [9] 1 if the answer says at its end whether anything waits, so that
-- the client need not be woken until then, [10] how many requests a session may make in a second, in the
-- long run, [11] as how many this counts, then for each request that may come twice its transaction id, a digest of its octets and a
-- new operation id. Whoever fetches, in the same step, does not ask whether anything can be.
-- Returns 0 for an unknown session, 1 for one that asks too often, and the code with which it ended for
-- one that is over, unless the answer to the first request is kept, which then comes with an empty
-- record; else its record, 1 or 0 for whether anything can be fetched, and for each request
-- its operation id, '' if another one of that transaction id is being carried out, and the answer that
-- it got, '' if none is kept.
local function checked(prefix, given, fetches)
    local id, now = given[1], tonumber(given[2])
    local key = prefix .. 'session:' .. id
    local record, lifetime, remembered, expires, ended, busy = unpack(redis.call('HMGET', key, 'record',
        'lifetime', 'remembered', 'expires', 'ended', 'busy'))
    local transactions, answers = prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id
    local window, limit = tonumber(given[3]), tonumber(given[4])

    -- When a transaction id was used last, for which octets and which operation, and whether that is done.
    local function asked_before(transaction)
        return (redis.call('HGET', transactions, transaction) or ''):match('^(%S+) (%S+) (%S+) ?(%S*)$')
    end

    if not record or tonumber(expires) <= now then
        -- What was answered in a session that is over is answered again.
        if given[12] then
            local at, before = asked_before(given[12])
            local kept = redis.call('HGET', answers, given[12])
            if kept and at and before == given[13] and now - at <= window then
                return {'', 0, '-', kept}
            end
        end
        return tonumber(ended or record and given[6] or 0)
    end
    -- EXPIRE comes first: a store that is full lets a script go on that has begun to write, and those
    -- who are signed on must be able to fetch what fills it.
    redis.call('EXPIRE', key, math.ceil(lifetime + remembered))
    -- What it may still ask for grows with the time, up to two seconds' worth.
    local rate, cost = tonumber(given[10]), tonumber(given[11])
    local since, left = (busy or ''):match('^(%S+) (%S+)$')
    left = since and math.min(2 * rate, left + math.max(0, now - since) * rate) or 2 * rate
    -- What is refused costs nothing: who asks too often is served as often as may be, and not never.
    local remains = left < cost and left or left - cost
    local changes = {'expires', now + lifetime, 'busy', given[2] .. ' ' .. remains}
    if given[8] == '1' then
        changes[#changes + 1] = 'polled'
        changes[#changes + 1] = given[2]
    end
    if given[9] == '1' and left >= cost then
        changes[#changes + 1] = 'answering'
        changes[#changes + 1] = given[2]
    end
    redis.call('HSET', key, unpack(changes))
    if left < cost then
        return 1
    end

    local waits = not fetches and can_fetch(prefix, id, now, tonumber(given[5]), given[7])
    local answer = {record, waits and 1 or 0}
    if #given == 11 then
        return answer
    end

    -- Transaction ids are re-used by clients: what makes a request the same one is its octets, too.
    if redis.call('HLEN', transactions) >= 32 then
        local known = redis.call('HGETALL', transactions)
        for i = 1, #known, 2 do
            if now - known[i + 1]:match('^%S+') > window then
                redis.call('HDEL', transactions, known[i])
            end
        end
    end
    for i = 12, #given, 3 do
        local transaction, digest, operation = given[i], given[i + 1], given[i + 2]
        local at, before, first, state = asked_before(transaction)
        local kept = ''
        if at and before == digest and now - at <= window then
            operation = first
            kept = redis.call('HGET', answers, transaction) or ''
        elseif at and state == '' and now - at < limit then
            operation = ''
        else
            redis.call('HSET', transactions, transaction, given[2] .. ' ' .. digest .. ' ' .. operation)
            redis.call('HDEL', answers, transaction)
        end
        answer[#answer + 1] = operation
        answer[#answer + 1] = kept
    end
    redis.call('EXPIRE', transactions, math.ceil(window))
    if answer[4] ~= '' then
        -- That answer was made before, and says nothing of what waits by now.
        redis.call('HDEL', key, 'answering')
    end
    return answer
end

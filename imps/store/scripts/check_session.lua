-- Look up a session at a request, and prolong it.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] how long an operation
-- keeps its id and ARGV[4] after how long a message is sent again (seconds), then for each request
-- that may come twice its transaction id, a digest of its octets and a new operation id.
-- Returns 0 for an unknown session, 1 for one that has expired, else its record, 1 or 0 for whether
-- anything can be fetched, and the operation ids.
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'session:' .. id
local record, user, lifetime, remembered, expires, cursor, flight_at = unpack(redis.call('HMGET', key,
    'record', 'user', 'lifetime', 'remembered', 'expires', 'cursor', 'flight_at'))
if not record then
    return 0
end
if tonumber(expires) <= now then
    return 1
end
redis.call('HSET', key, 'expires', now + lifetime)
redis.call('EXPIRE', key, math.ceil(lifetime + remembered))

local waiting = 0
if flight_at then
    waiting = now - flight_at >= tonumber(ARGV[4]) and 1 or 0
else
    local queue = prefix .. 'queue:' .. user
    waiting = #redis.call('ZRANGEBYSCORE', queue, '(' .. (cursor or '0'), '+inf', 'LIMIT', 0, 1)
end

local answer = {record, waiting}
if #ARGV > 4 then
    local transactions = prefix .. 'transactions:' .. id
    local window = tonumber(ARGV[3])
    if redis.call('HLEN', transactions) >= 32 then
        local known = redis.call('HGETALL', transactions)
        for i = 1, #known, 2 do
            if now - known[i + 1]:match('^%S+') > window then
                redis.call('HDEL', transactions, known[i])
            end
        end
    end
    for i = 5, #ARGV, 3 do
        local operation = ARGV[i + 2]
        local known = redis.call('HGET', transactions, ARGV[i])
        local at, digest, before = (known or ''):match('^(%S+) (%S+) (%S+)$')
        if at and digest == ARGV[i + 1] and now - at <= window then
            operation = before
        else
            redis.call('HSET', transactions, ARGV[i],
                ARGV[2] .. ' ' .. ARGV[i + 1] .. ' ' .. operation)
        end
        answer[#answer + 1] = operation
    end
    redis.call('EXPIRE', transactions, math.ceil(window))
end
return answer

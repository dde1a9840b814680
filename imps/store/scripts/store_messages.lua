-- Store one message for any number of recipients of a bucket, behind what waits for them.
-- KEYS[1] the bucket's prefix; ARGV[1] the message id, ARGV[2] now, ARGV[3] when it expires, ARGV[4]
-- its head, ARGV[5] its content, ARGV[6] how many messages and ARGV[7] how many octets may wait for
-- a user, ARGV[8] how long its id is remembered (seconds), ARGV[9] what a report on it says, '' if
-- none is wanted, then the recipients.
-- Returns for each 1 stored (now or before), 0 no such user, -1 too much waits for the user.
-- include sessions
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, message_id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local head, content = ARGV[4], ARGV[5]
local size = #head + #content

local function store(user)
    if redis.call('EXISTS', prefix .. 'account:' .. user) == 0 then
        return 0
    end
    local recent = prefix .. 'recent:' .. user
    redis.call('ZREMRANGEBYSCORE', recent, '-inf', now - ARGV[8])
    if redis.call('ZSCORE', recent, message_id) then
        return 1
    end
    local queue, state = prefix .. 'queue:' .. user, prefix .. 'waiting:' .. user
    for _, id in ipairs(redis.call('ZRANGE', queue, 0, 9)) do
        local expires = redis.call('HGET', message_key(prefix, user, id), 'expires')
        if tonumber(expires or 0) <= now then
            remove_message(prefix, user, id)
        end
    end
    local octets = tonumber(redis.call('HGET', state, 'octets') or 0)
    if redis.call('ZCARD', queue) >= tonumber(ARGV[6]) or octets + size > tonumber(ARGV[7]) then
        return -1
    end
    local sessions = ' '
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        if is_alive(prefix, id, now) then
            sessions = sessions .. id .. ' '
            wake(prefix, id)
        end
    end
    local message = message_key(prefix, user, message_id)
    redis.call('HSET', message, 'head', head,
        'content', content, 'size', size, 'expires', ARGV[3], 'sessions', sessions)
    if ARGV[9] ~= '' then
        redis.call('HSET', message, 'report', ARGV[9])
    end
    redis.call('ZADD', queue, redis.call('HINCRBY', state, 'sequence', 1), message_id)
    redis.call('HINCRBY', state, 'octets', size)
    redis.call('ZADD', recent, now, message_id)
    redis.call('EXPIRE', recent, math.ceil(ARGV[8]))
    return 1
end

local outcomes = {}
for i = 10, #ARGV do
    outcomes[i - 9] = store(ARGV[i])
end
return outcomes

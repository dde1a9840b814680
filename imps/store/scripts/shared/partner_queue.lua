-- What is queued for a partner. A lane is a list of transaction ids by sequence; lanes are ordered by
-- when somebody may claim them.
local function queued_key(prefix, domain, id)
    return prefix .. 'partner-queued:' .. domain .. ':' .. id
end

local function lane_key(prefix, domain, lane)
    return prefix .. 'partner-lane:' .. domain .. ':' .. lane
end

local function lanes_key(prefix, domain)
    return prefix .. 'partner-lanes:' .. domain
end

local function expiring_key(prefix, domain)
    return prefix .. 'partner-expiring:' .. domain
end

-- The lanes that wait because the partner is away.
local function away_key(prefix, domain)
    return prefix .. 'partner-away:' .. domain
end

-- A message as the caller is told of it, nil if it is gone.
local function queued(prefix, domain, id)
    local lane, tries, expires, message, gone = unpack(redis.call('HMGET',
        queued_key(prefix, domain, id), 'lane', 'tries', 'expires', 'message', 'gone'))
    return lane and {id, lane, tries, expires, message, gone or ''}
end

-- Take a message out of its lane, which the next one in it may leave now if it was the first.
local function leave_lane(prefix, domain, lane, id, now)
    local waiting = lane_key(prefix, domain, lane)
    local was_first = redis.call('ZRANGE', waiting, 0, 0)[1] == id
    redis.call('ZREM', waiting, id)
    if redis.call('EXISTS', waiting) == 0 then
        redis.call('ZREM', lanes_key(prefix, domain), lane)
    elseif was_first then
        redis.call('ZADD', lanes_key(prefix, domain), now, lane)
    end
end

-- A key leads to a message no more.
local function forget_key(prefix, domain, id)
    local keys = prefix .. 'partner-keys:' .. domain
    local key = redis.call('HGET', queued_key(prefix, domain, id), 'key')
    if key and key ~= '' and redis.call('HGET', keys, key) == id then
        redis.call('HDEL', keys, key)
    end
end

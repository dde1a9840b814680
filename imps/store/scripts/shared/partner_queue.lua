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

-- A message as the caller is told of it, nil if it is gone.
local function queued(prefix, domain, id)
    local lane, tries, expires, message = unpack(redis.call('HMGET', queued_key(prefix, domain, id),
        'lane', 'tries', 'expires', 'message'))
    return lane and {id, lane, tries, expires, message}
end

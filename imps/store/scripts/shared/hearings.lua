-- A gateway that has no ids for texts says one again if it does not know that we have it, in a later
-- session. What was heard and not confirmed yet is kept by its digest: the last session in which it was
-- heard, how often there, and how often before that and not again.
local function hearings_key(prefix, phone)
    return prefix .. 'heard:' .. phone
end

local function hearing_of(heard, digest)
    local session, times, before = (redis.call('HGET', heard, digest) or ''):match('^(%S+) (%d+) (%d+)$')
    return session, tonumber(times or 0), tonumber(before or 0)
end

local function keep_hearing(heard, digest, session, times, before)
    if times + before > 0 then
        redis.call('HSET', heard, digest, session .. ' ' .. times .. ' ' .. before)
    else
        redis.call('HDEL', heard, digest)
    end
end

-- Whether this is what was heard in another session, and not yet again in this one.
local function was_heard(prefix, phone, digest, session, seconds)
    if digest == '' then
        return false
    end
    local heard = hearings_key(prefix, phone)
    local last, times, before = hearing_of(heard, digest)
    if last ~= session then
        times, before = 0, times + before
    end
    local again = before > 0
    keep_hearing(heard, digest, session, times + 1, again and before - 1 or 0)
    redis.call('EXPIRE', heard, seconds)
    return again
end

-- The gateway knows that we have what it said once in a session.
local function confirm_hearing(prefix, phone, digest, session)
    local heard = hearings_key(prefix, phone)
    local last, times, before = hearing_of(heard, digest)
    if last == session then
        times = times - 1
    elseif before > 0 then
        before = before - 1
    end
    if last then
        keep_hearing(heard, digest, last, times, before)
    end
end

-- A gateway that has no ids for texts says one again if it does not know that we have it, in a later
-- session. What was heard and not confirmed yet is kept by its digest, with the session.
local function hearings_key(prefix, phone)
    return prefix .. 'heard:' .. phone
end

-- Whether this was heard in another session. Then that is settled: a third one would be another text.
local function was_heard(prefix, phone, digest, session, seconds)
    if digest == '' then
        return false
    end
    local heard = hearings_key(prefix, phone)
    local before = redis.call('HGET', heard, digest)
    if before and before ~= session then
        redis.call('HDEL', heard, digest)
        return true
    end
    redis.call('HSET', heard, digest, session)
    redis.call('EXPIRE', heard, seconds)
    return false
end

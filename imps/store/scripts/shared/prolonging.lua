-- Look up a session at a request, and prolong it. Given are whether the client polls; whether the answer
-- says at its end if anything waits, so that the client need not be woken until then; how many requests a
-- session may make in a second, in the long run; and as how many this counts.
-- Returns its record; or nil, and 0 for an unknown session, 1 for one that asks too often, 2 for one that
-- has expired and the code with which it ended for one that was ended.
local function prolonged(prefix, id, moment, polls, answers_later, rate, cost)
    local key, now = prefix .. 'session:' .. id, tonumber(moment)
    local record, lifetime, remembered, expires, ended, busy = unpack(redis.call('HMGET', key, 'record',
        'lifetime', 'remembered', 'expires', 'ended', 'busy'))
    if not record or tonumber(expires) <= now then
        return nil, tonumber(ended or record and 2 or 0)
    end
    -- EXPIRE comes first: a store that is full lets a script go on that has begun to write, and those
    -- who are signed on must be able to fetch what fills it.
    redis.call('EXPIRE', key, math.ceil(lifetime + remembered))
    -- What it may still ask for grows with the time, up to two seconds' worth.
    local since, left = (busy or ''):match('^(%S+) (%S+)$')
    left = since and math.min(2 * rate, left + math.max(0, now - since) * rate) or 2 * rate
    -- What is refused costs nothing: who asks too often is served as often as may be, and not never.
    local remains = left < cost and left or left - cost
    local changes = {'expires', now + lifetime, 'busy', moment .. ' ' .. remains}
    if polls then
        changes[#changes + 1] = 'polled'
        changes[#changes + 1] = moment
    end
    if answers_later and left >= cost then
        changes[#changes + 1] = 'answering'
        changes[#changes + 1] = moment
    end
    redis.call('HSET', key, unpack(changes))
    if left < cost then
        return nil, 1
    end
    return record
end

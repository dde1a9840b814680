-- include work
-- Texts to phones. Each is a hash of its own, which is kept for a while after its end. Those that the
-- gateway has not accepted stand in one of two queues of their phone: 'answers', and 'unasked', what
-- nobody asked for, in one order. A phone's record, 'outgoing', says which text is 'current' with the
-- gateway, in whose hands and until when, and until when there is none to be ('resume'). 'awaited' are
-- the texts whose final report is out, and until when it is waited for.
local KEPT_SECONDS = 86400
local ENDS = {delivered = true, undelivered = true, failed = true, expired = true, stopped = true}
local LANES = {'answers', 'unasked'}

local function text_key(prefix, phone, id)
    return prefix .. 'text:' .. phone .. ' ' .. id
end

local function phone_key(prefix, phone)
    return prefix .. 'outgoing:' .. phone
end

local function lane_key(prefix, lane, phone)
    return prefix .. lane .. ':' .. phone
end

local function awaited_key(prefix, phone)
    return prefix .. 'awaited:' .. phone
end

-- Until when nothing is sent that nobody asked for; 0 when nothing is waited for.
local function awaited_until(prefix, phone, now)
    local awaited = awaited_key(prefix, phone)
    redis.call('ZREMRANGEBYSCORE', awaited, '-inf', now)
    return tonumber(redis.call('ZREVRANGE', awaited, 0, 0, 'WITHSCORES')[2] or 0)
end

-- The first text of a lane, and its place.
local function first_in(prefix, lane, phone)
    local first = redis.call('ZRANGE', lane_key(prefix, lane, phone), 0, 0, 'WITHSCORES')
    return first[1], tonumber(first[2] or 0)
end

-- The text that is next for a phone, and from when on.
local function next_text(prefix, phone, now)
    local resume = tonumber(redis.call('HGET', phone_key(prefix, phone), 'resume') or 0)
    local answer, answer_place = first_in(prefix, 'answers', phone)
    local unasked, unasked_place = first_in(prefix, 'unasked', phone)
    local wait = unasked and awaited_until(prefix, phone, now) or 0
    if answer and (not unasked or wait > now or answer_place < unasked_place) then
        return answer, resume
    end
    return unasked, math.max(resume, wait)
end

-- Have the phone looked at when there is something to do for it.
local function look_again(prefix, phone, now)
    local current, lease = unpack(redis.call('HMGET', phone_key(prefix, phone), 'current', 'lease'))
    if current then
        redis.call('ZADD', prefix .. 'due-phones', lease, phone)
        return
    end
    local id, from = next_text(prefix, phone, now)
    if id then
        redis.call('ZADD', prefix .. 'due-phones', from, phone)
    else
        redis.call('ZREM', prefix .. 'due-phones', phone)
        redis.call('DEL', phone_key(prefix, phone))
    end
end

local function put_down(prefix, phone, id)
    local record = phone_key(prefix, phone)
    if redis.call('HGET', record, 'current') == id then
        redis.call('HDEL', record, 'current', 'taker', 'lease')
    end
end

-- Tell whoever watches a text what has become of it: work, which is left for a while to whoever caused it.
local function tell(prefix, phone, id, state, now, lease, reason, works)
    local watcher, about = unpack(redis.call('HMGET', text_key(prefix, phone, id), 'watcher', 'about'))
    if watcher and watcher ~= '' then
        local work_id = 'text:' .. phone .. ' ' .. id .. ':' .. state
        local work = cjson.encode({'text', work_id, watcher, id, phone, state, now, about, reason})
        leave_work(prefix, work_id, work, lease)
        works[#works + 1] = work
    end
end

local function leave_queue(prefix, phone, id)
    for _, lane in ipairs(LANES) do
        redis.call('ZREM', lane_key(prefix, lane, phone), id)
    end
    put_down(prefix, phone, id)
end

-- Nothing more becomes of a text; its body is kept for a while, so that its id is known.
local function end_text(prefix, phone, id, state, now, lease, reason, works)
    local text = text_key(prefix, phone, id)
    redis.call('HSET', text, 'state', state)
    redis.call('EXPIRE', text, KEPT_SECONDS)
    leave_queue(prefix, phone, id)
    redis.call('ZREM', awaited_key(prefix, phone), id)
    redis.call('ZREM', prefix .. 'ending-texts', phone .. ' ' .. id)
    tell(prefix, phone, id, state, now, lease, reason, works)
end

-- A text was not sent, and may be handed in again once that is wanted.
local function stop_text(prefix, phone, id, now, lease, reason, works)
    end_text(prefix, phone, id, 'stopped', now, lease, reason, works)
    redis.call('DEL', text_key(prefix, phone, id))
end

-- The gateway has accepted all of a text.
local function accept_text(prefix, phone, id, now, lease, patience, works)
    redis.call('HSET', text_key(prefix, phone, id), 'state', 'accepted')
    leave_queue(prefix, phone, id)
    redis.call('ZADD', awaited_key(prefix, phone), now + patience, id)
    redis.call('EXPIRE', awaited_key(prefix, phone), math.ceil(patience))
    tell(prefix, phone, id, 'accepted', now, lease, '', works)
end

-- The gateway has accepted a part of a text, counted from 0, or reports on it: 'accepted', 'delivered',
-- 'undelivered'.
local function note_part(prefix, phone, id, part, what, now, lease, patience, reason, works)
    local text = text_key(prefix, phone, id)
    local state, parts, done = unpack(redis.call('HMGET', text, 'state', 'parts', 'done'))
    part, parts, done = tonumber(part), tonumber(parts or 0), tonumber(done or 0)
    if not state or ENDS[state] or part >= parts then
        return
    end
    if part >= done then
        done = part + 1
        redis.call('HSET', text, 'done', done)
        -- What was in doubt is known to be accepted.
        redis.call('HDEL', text, 'doubts')
    end
    if what == 'undelivered' then
        return end_text(prefix, phone, id, what, now, lease, reason, works)
    end
    if done == parts and state ~= 'accepted' then
        accept_text(prefix, phone, id, now, lease, patience, works)
    end
    if what == 'delivered' and redis.call('HSET', text, 'delivered:' .. part, 1) == 1
        and redis.call('HINCRBY', text, 'delivered', 1) == parts then
        end_text(prefix, phone, id, what, now, lease, reason, works)
    end
end

-- Where a report that names a part as the gateway does finds it; and a report that has come before the
-- gateway said that name.
local function reference_key(prefix, phone, reference)
    return prefix .. 'text-reference:' .. phone .. ' ' .. reference
end

local function early_key(prefix, phone, reference)
    return prefix .. 'text-report:' .. phone .. ' ' .. reference
end

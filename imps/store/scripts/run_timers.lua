-- Do what is due in a bucket: end the sessions and take out the messages whose time is over, offer to
-- all sessions what one has not taken, and claim the work that nobody has finished in time. For a
-- while, nobody else gets that.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] until when the work is ours, ARGV[3] how much of
-- each at most, ARGV[4] the code with which a session expires, ARGV[5] that of the report on a message
-- that has expired.
-- Returns 1 if there may be more that is due, the work, and the endings of messages.
-- include sessions
local prefix, now, limit = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[3])
local more = 0

local function due(timers)
    local found = redis.call('ZRANGEBYSCORE', prefix .. timers, '-inf', ARGV[1], 'LIMIT', 0, limit)
    if #found == limit then
        more = 1
    end
    return found
end

for _, id in ipairs(due('expiring-sessions')) do
    local expires, remembered = unpack(redis.call('HMGET', prefix .. 'session:' .. id, 'expires',
        'remembered'))
    redis.call('ZREM', prefix .. 'expiring-sessions', id)
    if expires and tonumber(expires) > now then
        -- It was prolonged meanwhile.
        redis.call('ZADD', prefix .. 'expiring-sessions', expires, id)
    elseif expires then
        end_session(prefix, id, now, now, ARGV[4], remembered)
    end
end

local endings = {}
for _, member in ipairs(due('expiring-messages')) do
    local message_id, user = member:match('^(%S+) (.*)$')
    redis.call('ZREM', prefix .. 'expiring-messages', member)
    local _, ending = report_message(prefix, user, message_id, ARGV[5], ARGV[1], ARGV[1])
    if ending ~= '' then
        endings[#endings + 1] = ending
    end
    remove_message(prefix, user, message_id)
end

for _, member in ipairs(due('held-messages')) do
    local message_id, user = member:match('^(%S+) (.*)$')
    redis.call('ZREM', prefix .. 'held-messages', member)
    local only, closed = unpack(redis.call('HMGET', message_key(prefix, user, message_id), 'only',
        'closed'))
    if only and not closed then
        offer_to_all(prefix, user, message_id)
    end
end

local records = {}
for _, id in ipairs(due('overdue')) do
    local record = redis.call('HGET', prefix .. 'work', id)
    if record then
        redis.call('ZADD', prefix .. 'overdue', ARGV[2], id)
        records[#records + 1] = record
    else
        redis.call('ZREM', prefix .. 'overdue', id)
    end
end
return {more, records, endings}

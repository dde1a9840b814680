-- Dispose of messages that wait for the user of a session: nobody gets them any more, and their senders
-- are told what became of them.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] until when the work that this
-- causes is left to the caller, ARGV[4] the code of the report, ARGV[5] the operation that does this, by
-- which a repetition of it is known, ARGV[6] what it is to say then, ARGV[7] how many operations of a
-- session are remembered and ARGV[8] for how long (seconds), then the message ids.
-- Returns for each 1 or 0 for whether there was such a message for this session, then the work, and the
-- endings of those that nobody gets any more.
-- include sessions
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local user = redis.call('HGET', prefix .. 'session:' .. id, 'user')
local outcomes, work, endings, gone = {}, {}, {}, {}

local function is_awaiting(other)
    return is_alive(prefix, other, now)
end

for i = 9, #ARGV do
    local is_there, sessions, closed
    if user then
        is_there, sessions, closed = may_have_message(prefix, user, ARGV[i], id, now, is_awaiting)
    end
    outcomes[i - 8] = is_there and 1 or 0
    if is_there then
        gone[#gone + 1] = ARGV[i]
    end
    if is_there and closed then
        -- Another session has it; this one does not want it.
        leave_message(prefix, user, ARGV[i], id, is_awaiting)
    elseif is_there then
        local place = #work + 1
        work[place], endings[place] = report_message(prefix, user, ARGV[i], ARGV[4], ARGV[2], ARGV[3])
        remove_message(prefix, user, ARGV[i])
    end
end
if #gone > 0 then
    local disposals = prefix .. 'disposals:' .. id
    redis.call('LPUSH', disposals, cjson.encode({ARGV[5], ARGV[6], gone}))
    redis.call('LTRIM', disposals, 0, ARGV[7] - 1)
    redis.call('EXPIRE', disposals, ARGV[8])
end
return {outcomes, work, endings}

-- Dispose of messages that wait for the user of a session: nobody gets them any more, and their senders
-- are told what became of them.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] until when the work that this
-- causes is left to the caller, ARGV[4] the code of the report, then the message ids.
-- Returns for each 1 or 0 for whether there was such a message for this session, then the work, and the
-- endings of those that nobody gets any more.
-- include sessions
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local user = redis.call('HGET', prefix .. 'session:' .. id, 'user')
local outcomes, work, endings = {}, {}, {}

local function is_awaiting(other)
    return is_alive(prefix, other, now)
end

for i = 5, #ARGV do
    local is_there, sessions, closed
    if user then
        is_there, sessions, closed = may_have_message(prefix, user, ARGV[i], id, now, is_awaiting)
    end
    outcomes[i - 4] = is_there and 1 or 0
    if is_there and closed then
        -- Another session has it; this one does not want it.
        leave_message(prefix, user, ARGV[i], id, is_awaiting)
    elseif is_there then
        local place = #work + 1
        work[place], endings[place] = report_message(prefix, user, ARGV[i], ARGV[4], ARGV[2], ARGV[3])
        remove_message(prefix, user, ARGV[i])
    end
end
return {outcomes, work, endings}

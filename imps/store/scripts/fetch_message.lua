-- Fetch a message that waits for the user of a session, by its id; it goes on waiting.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] the message id,
-- ARGV[4] 1 to read large content, too. Returns its head and content; nothing if there is no such message for this session.
-- include sessions
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local user = redis.call('HGET', prefix .. 'session:' .. id, 'user')
if not user then
    return {}
end
local key = message_key(prefix, user, ARGV[3])
local function is_awaiting(other)
    return is_alive(prefix, other, now)
end
if not may_have_message(prefix, user, ARGV[3], id, now, is_awaiting) then
    return {}
end
return {read_message(prefix, user, ARGV[3], ARGV[4] == '1')}

-- End a session: messages that waited for it alone, and that another session has acknowledged, go.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id. Returns 0 when there is no such session.
-- include sessions
-- include messages
local prefix, id = KEYS[1], ARGV[1]
local key = prefix .. 'session:' .. id
local user, client = unpack(redis.call('HMGET', key, 'user', 'client'))
if not user then
    return 0
end
forget_session(prefix, id)
local index = prefix .. 'sessions:' .. user
if redis.call('HGET', index, client) == id then
    redis.call('HDEL', index, client)
end
for _, message_id in ipairs(redis.call('ZRANGE', prefix .. 'queue:' .. user, 0, -1)) do
    local message = message_key(prefix, user, message_id)
    local closed, sessions = unpack(redis.call('HMGET', message, 'closed', 'sessions'))
    local rest = (sessions or ''):gsub(' ' .. id .. ' ', ' ', 1)
    if closed and not rest:find('%S') then
        remove_message(prefix, user, message_id)
    elseif rest ~= sessions then
        redis.call('HSET', message, 'sessions', rest)
    end
end
return 1

-- End a session: messages that waited for it alone, and that another session has acknowledged, go.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id. Returns 0 when there is no such session.
local prefix, id = KEYS[1], ARGV[1]
local key = prefix .. 'session:' .. id
local user, client = unpack(redis.call('HMGET', key, 'user', 'client'))
if not user then
    return 0
end
for _, kind in ipairs({'session', 'transactions', 'answers', 'outbox', 'events', 'sending'}) do
    redis.call('DEL', prefix .. kind .. ':' .. id)
end
local index = prefix .. 'sessions:' .. user
if redis.call('HGET', index, client) == id then
    redis.call('HDEL', index, client)
end
local queue, state = prefix .. 'queue:' .. user, prefix .. 'waiting:' .. user
for _, message_id in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    local message = prefix .. 'message:' .. user .. ':' .. message_id
    local closed, sessions, size = unpack(redis.call('HMGET', message, 'closed', 'sessions', 'size'))
    local rest = (sessions or ''):gsub(' ' .. id .. ' ', ' ', 1)
    if closed and not rest:find('%S') then
        redis.call('DEL', message)
        redis.call('ZREM', queue, message_id)
        redis.call('HINCRBY', state, 'octets', -(size or 0))
    elseif rest ~= sessions then
        redis.call('HSET', message, 'sessions', rest)
    end
end
return 1

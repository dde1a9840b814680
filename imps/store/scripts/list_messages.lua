-- What waits for the user of a session, in order.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] how many at most.
-- Returns how many there are that this session may have, and the id and the head of the first of them.
-- include sessions
local prefix, id, now, most = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local user = redis.call('HGET', prefix .. 'session:' .. id, 'user')
local count, heads = 0, {}

local function is_awaiting(other)
    return is_alive(prefix, other, now)
end

for _, message_id in ipairs(user and redis.call('ZRANGE', prefix .. 'queue:' .. user, 0, -1) or {}) do
    if may_have_message(prefix, user, message_id, id, now, is_awaiting) then
        count = count + 1
        if count <= most then
            heads[#heads + 1] = message_id
            heads[#heads + 1] = redis.call('HGET', message_key(prefix, user, message_id), 'head')
        end
    end
end
return {count, heads}

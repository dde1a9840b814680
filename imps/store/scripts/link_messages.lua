-- Give messages that wait for the user of a session tokens, by which their content can be had without a
-- session. One that has a token keeps it.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, then for each message its id and a new
-- token. Returns for each the token that it has, '' if there is no such message for this session.
-- include sessions
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local user = redis.call('HGET', prefix .. 'session:' .. id, 'user')
local tokens = {}

local function is_awaiting(other)
    return is_alive(prefix, other, now)
end

for i = 3, #ARGV, 2 do
    local token = ''
    if user and may_have_message(prefix, user, ARGV[i], id, now, is_awaiting) then
        local key = message_key(prefix, user, ARGV[i])
        token = redis.call('HGET', key, 'link')
        if not token then
            token = ARGV[i + 1]
            redis.call('HSET', key, 'link', token)
            redis.call('SET', link_key(prefix, token), ARGV[i] .. ' ' .. user)
        end
    end
    tokens[#tokens + 1] = token
end
return tokens

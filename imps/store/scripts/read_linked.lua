-- Read the message to which a token leads, with its content; it goes on waiting.
-- KEYS[1] the bucket's prefix; ARGV[1] the token, ARGV[2] now. Returns its id, head and content; nothing
-- if there is none any more.
-- include messages
local prefix, now = KEYS[1], tonumber(ARGV[2])
local message_id, user = (redis.call('GET', link_key(prefix, ARGV[1])) or ''):match('^(%S+) (.*)$')
if not message_id then
    return {}
end
local expires = redis.call('HGET', message_key(prefix, user, message_id), 'expires')
if tonumber(expires or 0) <= now then
    return {}
end
return {message_id, read_message(prefix, user, message_id, true)}

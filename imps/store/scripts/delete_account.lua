-- Delete a user: the account, the contact lists, the messages that wait and the sessions.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the code with which the sessions end, ARGV[3]
-- now, ARGV[4] how long that is remembered (seconds). Returns 0 when there was no account.
-- include sessions
-- include messages
local prefix, user, now = KEYS[1], ARGV[1], tonumber(ARGV[3])

local index = prefix .. 'sessions:' .. user
for _, id in ipairs(redis.call('HVALS', index)) do
    -- One whose time is over is told that.
    if is_alive(prefix, id, now) then
        end_session(prefix, id, ARGV[2], ARGV[4])
    end
end

local queue = prefix .. 'queue:' .. user
for _, message_id in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    redis.call('DEL', message_key(prefix, user, message_id))
end

local lists = prefix .. 'contact-lists:' .. user
for _, list in ipairs(redis.call('ZRANGE', lists, 0, -1)) do
    redis.call('DEL', prefix .. 'contact-list:' .. list)
end

redis.call('DEL', index, queue, prefix .. 'waiting:' .. user, prefix .. 'recent:' .. user, lists,
    prefix .. 'default-contact-list:' .. user, prefix .. 'kept:' .. user,
    prefix .. 'kept-events:' .. user, prefix .. 'done:' .. user)
redis.call('ZREM', prefix .. 'accounts', user)
return redis.call('DEL', prefix .. 'account:' .. user)

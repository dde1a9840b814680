-- Delete a user: the account, the contact lists, the messages that wait and the sessions.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the code with which the sessions end, ARGV[3]
-- now, ARGV[4] how long that is remembered (seconds). Returns 0 when there was no account.
local prefix, user, now = KEYS[1], ARGV[1], tonumber(ARGV[3])

for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
    local key = prefix .. 'session:' .. id
    -- One whose time is over is told that.
    if tonumber(redis.call('HGET', key, 'expires') or 0) > now then
        for _, kind in ipairs({'session', 'transactions', 'answers', 'outbox', 'events', 'sending'}) do
            redis.call('DEL', prefix .. kind .. ':' .. id)
        end
        redis.call('HSET', key, 'ended', ARGV[2])
        redis.call('EXPIRE', key, math.ceil(ARGV[4]))
    end
end

for _, message_id in ipairs(redis.call('ZRANGE', prefix .. 'queue:' .. user, 0, -1)) do
    redis.call('DEL', prefix .. 'message:' .. user .. ':' .. message_id)
end

for _, list in ipairs(redis.call('ZRANGE', prefix .. 'contact-lists:' .. user, 0, -1)) do
    redis.call('DEL', prefix .. 'contact-list:' .. list)
end

for _, kind in ipairs({'account', 'sessions', 'queue', 'waiting', 'recent', 'kept', 'kept-events',
    'contact-lists', 'default-contact-list'}) do
    redis.call('DEL', prefix .. kind .. ':' .. user)
end
return redis.call('ZREM', prefix .. 'accounts', user)

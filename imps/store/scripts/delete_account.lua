-- Delete a user: the account, the contact lists, the messages that wait and the sessions.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the code with which the sessions end, ARGV[3]
-- now, ARGV[4] how long that is remembered (seconds). Returns 0 when there was no account.
local prefix, user, now = KEYS[1], ARGV[1], tonumber(ARGV[3])

local index = prefix .. 'sessions:' .. user
for _, id in ipairs(redis.call('HVALS', index)) do
    local key = prefix .. 'session:' .. id
    -- One whose time is over is told that.
    if tonumber(redis.call('HGET', key, 'expires') or 0) > now then
        redis.call('DEL', key, prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id)
        redis.call('HSET', key, 'ended', ARGV[2])
        redis.call('EXPIRE', key, math.ceil(ARGV[4]))
    end
end

local queue = prefix .. 'queue:' .. user
for _, message_id in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    redis.call('DEL', prefix .. 'message:' .. user .. ':' .. message_id)
end

local lists = prefix .. 'contact-lists:' .. user
for _, list in ipairs(redis.call('ZRANGE', lists, 0, -1)) do
    redis.call('DEL', prefix .. 'contact-list:' .. list)
end

redis.call('DEL', index, queue, prefix .. 'waiting:' .. user, prefix .. 'recent:' .. user, lists,
    prefix .. 'default-contact-list:' .. user)
redis.call('ZREM', prefix .. 'accounts', user)
return redis.call('DEL', prefix .. 'account:' .. user)

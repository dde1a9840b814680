-- End all sessions of a user; what waits for the user stays.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the code with which the sessions end, ARGV[3]
-- now, ARGV[4] how long that is remembered (seconds). Returns how many have ended.
local prefix, user, now = KEYS[1], ARGV[1], tonumber(ARGV[3])
local index = prefix .. 'sessions:' .. user
local ended = 0
for _, id in ipairs(redis.call('HVALS', index)) do
    local key = prefix .. 'session:' .. id
    -- One whose time is over is told that.
    if tonumber(redis.call('HGET', key, 'expires') or 0) > now then
        for _, kind in ipairs({'session', 'transactions', 'answers', 'outbox', 'events', 'sending'}) do
            redis.call('DEL', prefix .. kind .. ':' .. id)
        end
        redis.call('HSET', key, 'ended', ARGV[2])
        redis.call('EXPIRE', key, math.ceil(ARGV[4]))
        ended = ended + 1
    end
end
redis.call('DEL', index)
return ended

-- End all sessions of a user; what waits for the user stays.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the code with which the sessions end, ARGV[3]
-- now, ARGV[4] how long that is remembered (seconds). Returns how many have ended.
-- include sessions
local prefix, now, ended = KEYS[1], tonumber(ARGV[3]), 0
for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. ARGV[1])) do
    -- One whose time is over is told that.
    if is_alive(prefix, id, now) then
        end_session(prefix, id, now, now, ARGV[2], ARGV[4])
        ended = ended + 1
    end
end
return ended

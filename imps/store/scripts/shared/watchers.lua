-- Remember that somebody has watched a publisher, by subscription or once; the latest for a week.
local function remember_watcher(prefix, publisher, status, watcher, now)
    local key = prefix .. 'watchers:' .. publisher
    redis.call('ZADD', key, now, status .. ' ' .. watcher)
    redis.call('ZREMRANGEBYRANK', key, 0, -1001)
    redis.call('EXPIRE', key, 604800)
end

-- Write down work that is caused here and done elsewhere; it is left for a while to whoever caused it.
local function leave_work(prefix, id, work, lease)
    redis.call('HSET', prefix .. 'work', id, work)
    redis.call('ZADD', prefix .. 'overdue', lease, id)
end

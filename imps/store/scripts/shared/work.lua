-- Write down work that is caused here and done elsewhere; it is left for a while to whoever caused it.
local function leave_work(prefix, id, work, lease)
    redis.call('HSET', prefix .. 'work', id, work)
    redis.call('ZADD', prefix .. 'overdue', lease, id)
end

-- What is to be done already of this work, if anything.
local function pending_work(prefix, id)
    local record = redis.call('HGET', prefix .. 'work', id)
    return record and cjson.decode(record)
end

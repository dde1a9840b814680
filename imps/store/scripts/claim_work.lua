-- Claim work of a bucket that is overdue: for a time, nobody else gets it.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] until when it is ours, ARGV[3] how much at most.
-- Returns the records.
local overdue = KEYS[1] .. 'overdue'
local records = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', overdue, '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
    local record = redis.call('HGET', KEYS[1] .. 'work', id)
    if record then
        redis.call('ZADD', overdue, ARGV[2], id)
        records[#records + 1] = record
    else
        redis.call('ZREM', overdue, id)
    end
end
return records

-- include work
-- What waits for a user is to be told by text: work for whoever comes first. The number makes the record
-- another one, so that what comes while it is done is not missed.
local function tell_phone(prefix, user, at)
    local id = 'phone:' .. user
    local pending = pending_work(prefix, id) or {0, 0, 0, 0}
    leave_work(prefix, id, cjson.encode({'phone', id, user, pending[4] + 1}), at or 0)
end

-- Some of what is known of a phone is to be erased at a time, '' for never. The time makes the record
-- another one, so that what is to be erased later is not forgotten with what is erased now.
local function erase_phone(prefix, user, at)
    local id = 'erase-phone:' .. user
    if at ~= '' then
        leave_work(prefix, id, cjson.encode({'erase-phone', id, user, at}), at)
    else
        redis.call('HDEL', prefix .. 'work', id)
        redis.call('ZREM', prefix .. 'overdue', id)
    end
end

-- Whether what waits for a user who is off line is to be told so, too.
local function has_phone(prefix, user)
    return redis.call('HGET', prefix .. 'phone:' .. user, 'tells_absent') == '1'
end

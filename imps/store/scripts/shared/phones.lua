-- include work
-- What waits for a user is to be told by text: work for whoever comes first. The number makes the record
-- another one, so that what comes while it is done is not missed.
local function tell_phone(prefix, user, at)
    local id = 'phone:' .. user
    local pending = pending_work(prefix, id) or {0, 0, 0, 0}
    leave_work(prefix, id, cjson.encode({'phone', id, user, pending[4] + 1}), at or 0)
end

-- Whether what waits for a user who is off line is to be told so, too.
local function has_phone(prefix, user)
    return redis.call('HGET', prefix .. 'phone:' .. user, 'tells_absent') == '1'
end

-- include attributes
-- include work
-- Attributes of a publisher have changed, or, without any, what others may see of them, which is
-- counted: those who subscribed are to be told. What is to be told already is told with it; the number
-- makes the record another one. Returns that work, '' where nobody subscribed.
local function presence_changed(prefix, publisher, attributes, lease)
    if redis.call('EXISTS', prefix .. 'subscribers:' .. publisher) == 0 then
        return ''
    end
    if attributes == '' then
        redis.call('INCR', prefix .. 'authorizations:' .. publisher)
    end
    local id = 'presence:' .. publisher
    local pending = pending_work(prefix, id) or {0, 0, 0, 0, ''}
    local work = cjson.encode({'presence', id, publisher, pending[4] + 1,
        union(pending[5], attributes)})
    leave_work(prefix, id, work, lease)
    return work
end

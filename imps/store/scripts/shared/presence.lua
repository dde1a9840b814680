-- include work
-- What a set of attributes is written as: names in order, or an asterisk for all.
local function union(one, other)
    if one == '*' or other == '*' then
        return '*'
    end
    local known, names = {}, {}
    for name in (one .. ' ' .. other):gmatch('%S+') do
        if not known[name] then
            known[name] = true
            names[#names + 1] = name
        end
    end
    table.sort(names)
    return table.concat(names, ' ')
end

-- Attributes of a publisher have changed: those who subscribed to them are to be told. What is to be
-- told already is told with it. Returns that work, '' where nobody subscribed.
local function presence_changed(prefix, publisher, attributes, lease)
    if redis.call('EXISTS', prefix .. 'subscribers:' .. publisher) == 0 then
        return ''
    end
    local id, number = 'presence:' .. publisher, 0
    local known = redis.call('HGET', prefix .. 'work', id)
    if known then
        local record = cjson.decode(known)
        number, attributes = record[4], union(record[5], attributes)
    end
    local work = cjson.encode({'presence', id, publisher, number + 1, attributes})
    leave_work(prefix, id, work, lease)
    return work
end

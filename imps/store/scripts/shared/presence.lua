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

-- Those attributes that both sets have.
local function intersection(one, other)
    if one == '*' then
        return other
    elseif other == '*' then
        return one
    end
    local names = {}
    for name in one:gmatch('%S+') do
        if (' ' .. other .. ' '):find(' ' .. name .. ' ', 1, true) then
            names[#names + 1] = name
        end
    end
    return table.concat(names, ' ')
end

-- All attributes there are, for what is left of them.
local EVERY_ATTRIBUTE = 'Address Alias ClientInfo CommCap ContactInfo FreeTextLocation GeoLocation '
    .. 'InfoLink OnlineStatus PLMN PreferredContacts PreferredLanguage Registration StatusContent '
    .. 'StatusMood StatusText TimeZone UserAvailability'

-- The attributes of one set that are not in the other.
local function without(one, other)
    if other == '*' then
        return ''
    end
    if other == '' then
        return one
    end
    local names = {}
    for name in (one == '*' and EVERY_ATTRIBUTE or one):gmatch('%S+') do
        if not (' ' .. other .. ' '):find(' ' .. name .. ' ', 1, true) then
            names[#names + 1] = name
        end
    end
    return table.concat(names, ' ')
end

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

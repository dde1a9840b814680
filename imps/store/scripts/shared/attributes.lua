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

-- The attributes of one set that are not in the other.
local function without(one, other)
    if other == '*' then
        return ''
    end
    if other == '' then
        return one
    end
    -- All attributes there are, for what is left of them.
    local EVERY_ATTRIBUTE = 'Address Alias ClientInfo CommCap ContactInfo FreeTextLocation GeoLocation '
        .. 'InfoLink OnlineStatus PLMN PreferredContacts PreferredLanguage Registration StatusContent '
        .. 'StatusMood StatusText TimeZone UserAvailability'
    local names = {}
    for name in (one == '*' and EVERY_ATTRIBUTE or one):gmatch('%S+') do
        if not (' ' .. other .. ' '):find(' ' .. name .. ' ', 1, true) then
            names[#names + 1] = name
        end
    end
    return table.concat(names, ' ')
end

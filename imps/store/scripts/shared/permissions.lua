-- What a publisher allows watchers, of each of whom there are the names, with blanks between. For each,
-- the attribute list for the user, nil for none, those of the contact lists that hold the user, the
-- default, nil for none, what was answered when the user asked, nil for nothing, and how often any of
-- that has changed. All of them may have a few thousand names.
local function permissions_of(prefix, publisher, watchers)
    if #watchers == 0 then
        return {}
    end
    local key = prefix .. 'attribute-lists:' .. publisher
    local first_names, names, owners = {}, {}, {}
    for i, words in ipairs(watchers) do
        first_names[i] = words:match('^%S+')
        for name in words:gmatch('%S+') do
            names[#names + 1] = name
            owners[#names] = i
        end
    end
    local number = tonumber(redis.call('GET', prefix .. 'authorizations:' .. publisher) or 0)
    local answers = redis.call('HMGET', prefix .. 'reactive:' .. publisher, unpack(first_names))
    local found = {}
    for i, answer in ipairs(answers) do
        found[i] = {false, {}, false, answer, number}
    end
    if redis.call('EXISTS', key) == 0 then
        return found
    end
    local lists = redis.call('ZRANGE', prefix .. 'contact-lists:' .. publisher, 0, -1)
    local fields = {'default'}
    for _, name in ipairs(names) do
        fields[#fields + 1] = 'user ' .. name
    end
    for _, list in ipairs(lists) do
        fields[#fields + 1] = 'list ' .. list
    end
    local allowed = redis.call('HMGET', key, unpack(fields))
    for i, owner in ipairs(owners) do
        local permissions = found[owner]
        permissions[1] = permissions[1] or allowed[1 + i]
        permissions[3] = allowed[1]
    end
    for i, list in ipairs(lists) do
        local by_list = allowed[1 + #names + i]
        if by_list then
            local held = redis.call('HMGET', prefix .. 'contacts:' .. list, unpack(names))
            -- It may hold several names of a user.
            local are_held = {}
            for j, owner in ipairs(owners) do
                if held[j] and not are_held[owner] then
                    are_held[owner] = true
                    table.insert(found[owner][2], by_list)
                end
            end
        end
    end
    return found
end

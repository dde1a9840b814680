-- What a publisher allows watchers: a function from the names of one, with blanks between, to the
-- attribute list for the user, nil for none, those of the contact lists that hold the user, the
-- default, nil for none, what was answered when the user asked, nil for nothing, and how often any of
-- that has changed.
local function permissions_of(prefix, publisher)
    local key = prefix .. 'attribute-lists:' .. publisher
    local number = tonumber(redis.call('GET', prefix .. 'authorizations:' .. publisher) or 0)
    local function answered(names)
        return redis.call('HGET', prefix .. 'reactive:' .. publisher, names:match('^%S+'))
    end
    if redis.call('EXISTS', key) == 0 then
        return function(names) return {false, {}, false, answered(names), number} end
    end
    local owned = redis.call('ZRANGE', prefix .. 'contact-lists:' .. publisher, 0, -1)
    local fields, lists = {'default'}, {}
    for i, list in ipairs(owned) do
        fields[i + 1] = 'list ' .. list
    end
    local allowed = redis.call('HMGET', key, unpack(fields))
    for i, list in ipairs(owned) do
        if allowed[i + 1] then
            lists[#lists + 1] = {prefix .. 'contacts:' .. list, allowed[i + 1]}
        end
    end
    local default = allowed[1]
    return function(names)
        local user, held = false, {}
        for name in names:gmatch('%S+') do
            user = user or redis.call('HGET', key, 'user ' .. name)
        end
        for _, list in ipairs(lists) do
            for name in names:gmatch('%S+') do
                if redis.call('HEXISTS', list[1], name) == 1 then
                    held[#held + 1] = list[2]
                    break
                end
            end
        end
        return {user, held, default, answered(names), number}
    end
end

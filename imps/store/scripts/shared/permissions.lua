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
    local lists = {}
    for _, list in ipairs(redis.call('ZRANGE', prefix .. 'contact-lists:' .. publisher, 0, -1)) do
        local allowed = redis.call('HGET', key, 'list ' .. list)
        if allowed then
            lists[#lists + 1] = {prefix .. 'contacts:' .. list, allowed}
        end
    end
    local default = redis.call('HGET', key, 'default')
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

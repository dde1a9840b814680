-- Whether a user has said from whom messages and invitations are taken.
local function is_choosy(prefix, user)
    local blocks, grants = unpack(redis.call('HMGET', prefix .. 'access:' .. user, 'block', 'grant'))
    return blocks == '1' or grants == '1'
end

-- Whether an access list of a user names somebody, of these names with blanks between, or the
-- application that they use, '' for none; or has a contact list of the user's that names them.
local function access_list_has(prefix, user, list, names, application)
    local key = prefix .. list .. '-list:' .. user
    if application ~= '' and redis.call('HEXISTS', key, 'application ' .. application) == 1 then
        return true
    end
    for name in names:gmatch('%S+') do
        if redis.call('HEXISTS', key, 'user ' .. name) == 1 then
            return true
        end
    end
    for _, contacts in ipairs(redis.call('ZRANGE', prefix .. 'contact-lists:' .. user, 0, -1)) do
        if redis.call('HEXISTS', key, 'list ' .. contacts) == 1 then
            for name in names:gmatch('%S+') do
                if redis.call('HEXISTS', prefix .. 'contacts:' .. contacts, name) == 1 then
                    return true
                end
            end
        end
    end
    return false
end

-- Whether a user lets somebody reach them, by an application (CSP, block and grant lists): a block list
-- in use must not have them or it, and a grant list in use must. Nobody is kept from reaching themselves.
local function is_welcome(prefix, user, names, application)
    if names:match('^%S+') == user then
        return true
    end
    local blocks, grants = unpack(redis.call('HMGET', prefix .. 'access:' .. user, 'block', 'grant'))
    if blocks == '1' and access_list_has(prefix, user, 'block', names, application) then
        return false
    end
    return grants ~= '1' or access_list_has(prefix, user, 'grant', names, application)
end

-- include presence
-- include subscriptions
-- A contact in a list is held as a number that orders the contacts, the address as spelled, and the
-- nickname.
local function contacts_key(prefix, list)
    return prefix .. 'contacts:' .. list
end

local function has_contact_list(prefix, user, list)
    return redis.call('ZSCORE', prefix .. 'contact-lists:' .. user, list)
end

-- {address, display name, 1 for the default list or else 0}, and where they are asked for all contacts.
local function contact_list(prefix, user, list, with_contacts)
    local default = redis.call('GET', prefix .. 'default-contact-list:' .. user)
    local fields = redis.call('HMGET', prefix .. 'contact-list:' .. list, 'address', 'display_name')
    local contacts = with_contacts and redis.call('HVALS', contacts_key(prefix, list)) or nil
    return {fields[1], fields[2], list == default and 1 or 0, contacts}
end

-- Whether all contacts in ARGV, from here on as add_contacts takes them, find room in a list.
local function have_room(prefix, list, first, max_contacts)
    local key, new = contacts_key(prefix, list), 0
    for i = first, #ARGV, 3 do
        new = new + 1 - redis.call('HEXISTS', key, ARGV[i])
    end
    return new == 0 or redis.call('HLEN', key) + new <= tonumber(max_contacts)
end

-- Add the contacts in ARGV from here on: for each a key, the address as spelled, and the nickname. One
-- that is there already stays in its place; without a nickname it keeps its own. Returns the keys of
-- those that are new.
local function add_contacts(prefix, list, first)
    local key, new = contacts_key(prefix, list), {}
    for i = first, #ARGV, 3 do
        local contact, address, nickname = ARGV[i], ARGV[i + 1], ARGV[i + 2]
        local number, known_as = (redis.call('HGET', key, contact) or ''):match('^(%S+) %S+ (.*)$')
        if not number then
            number = redis.call('HINCRBY', prefix .. 'contact-list:' .. list, 'sequence', 1)
            new[#new + 1] = contact
        elseif nickname == '' then
            nickname = known_as
        end
        redis.call('HSET', key, contact, number .. ' ' .. address .. ' ' .. nickname)
    end
    return new
end

-- Contacts of a list come or go: those sessions of its owner that use it subscribe and unsubscribe, and
-- where the list allows its contacts something, they may see more or less. Returns that work.
local function contacts_changed(prefix, owner, list)
    local work = {}
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. owner)) do
        if has_used_contact_list(prefix, id, list) then
            local name = 'follow:' .. list
            local pending = pending_work(prefix, name) or {0, 0, 0, 0, 0}
            work[1] = cjson.encode({'follow', name, owner, list, pending[5] + 1})
            leave_work(prefix, name, work[1], 0)
            break
        end
    end
    if redis.call('HEXISTS', prefix .. 'attribute-lists:' .. owner, 'list ' .. list) == 1 then
        local changed = presence_changed(prefix, owner, '', 0)
        work[#work + 1] = changed ~= '' and changed or nil
    end
    return work
end

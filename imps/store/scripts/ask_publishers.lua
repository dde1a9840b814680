-- Ask publishers of a bucket whether somebody may see attributes of theirs: once, until they answer; or
-- tell them that somebody wants to, once, if a session asked for such notifications.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] the watcher, ARGV[3] how many may wait for an answer
-- of a publisher, or have one, then for each publisher that one, the attributes, and the kind of
-- notification, '' to ask. Returns 1.
-- include sessions
-- include reactive
local prefix, now, watcher = KEYS[1], tonumber(ARGV[1]), ARGV[2]

-- The sessions of a user which a function holds for.
local function sessions_that(holds, user)
    local sessions = {}
    for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
        if is_alive(prefix, id, now) and holds(id) then
            sessions[#sessions + 1] = id
        end
    end
    return sessions
end

local function asks(id)
    return redis.call('HGET', prefix .. 'session:' .. id, 'asks') ~= ''
end

for i = 4, #ARGV, 3 do
    local publisher, attributes, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local key = prefix .. 'reactive:' .. publisher
    local record = reactive_record(prefix, publisher, watcher)
    local known = record or {asked = '', granted = '', denied = '', noticed = ''}
    local field = kind == '' and 'asked' or 'noticed'
    local told = {}
    if without(attributes, known[field]) ~= ''
        and redis.call('EXISTS', prefix .. 'account:' .. publisher) == 1
        and (record or has_room(prefix, publisher, tonumber(ARGV[3]))) then
        told = sessions_that(kind == '' and asks or function(id)
            return wants_notifications(prefix, id, kind)
        end, publisher)
        -- A question waits for who is away, a notification does not.
        if kind == '' or #told > 0 then
            known[field] = union(known[field], attributes)
            redis.call('HSET', key, watcher, cjson.encode(known))
        end
    end
    for _, id in ipairs(told) do
        put_question(prefix, id, watcher, now)
        wake(prefix, id)
    end
end
return 1

-- include outboxes
-- include wakeups
-- include presence
-- What a publisher has said of somebody who asked: which attributes were asked for, which were granted
-- and which denied; and of which the publisher was told that they are wanted beyond what is allowed.
local function reactive_record(prefix, publisher, watcher)
    local record = redis.call('HGET', prefix .. 'reactive:' .. publisher, watcher)
    return record and cjson.decode(record)
end

-- Those attributes of which nothing has been said yet.
local function unanswered(record)
    return without(without(record.asked, record.granted), record.denied)
end

-- A list of a publisher has come, or gone, by which those whom it is for may see what they may: what was
-- asked about them and not answered is answered by that, and of what they want beyond it, nothing was told.
local function answer_by_list(prefix, publisher, field)
    local key = prefix .. 'reactive:' .. publisher
    local user, list = field:match('^user (.*)$'), field:match('^list (.*)$')
    for _, watcher in ipairs(user and {user} or redis.call('HKEYS', key)) do
        local record = reactive_record(prefix, publisher, watcher)
        if record and (unanswered(record) ~= '' or record.noticed ~= '')
            and (not list or redis.call('HEXISTS', prefix .. 'contacts:' .. list, watcher) == 1) then
            record.asked, record.noticed = without(record.asked, unanswered(record)), ''
            redis.call('HSET', key, watcher, cjson.encode(record))
        end
    end
end

-- Whether there is room for a record of a watcher, where a publisher may have so many. One that holds no
-- answer makes room, of some that are looked at.
local function has_room(prefix, publisher, most)
    local key = prefix .. 'reactive:' .. publisher
    if redis.call('HLEN', key) < most then
        return true
    end
    local some = redis.call('HRANDFIELD', key, 50, 'WITHVALUES')
    for i = 1, #some, 2 do
        local record = cjson.decode(some[i + 1])
        if record.granted == '' and record.denied == '' then
            redis.call('HDEL', key, some[i])
            return true
        end
    end
    return false
end

-- Have a session ask its user about a watcher.
local function put_question(prefix, id, watcher, now)
    local event = cjson.encode({kind = 'question', watcher = watcher})
    put_event(prefix .. 'outbox:' .. id, prefix .. 'events:' .. id, 'question:' .. watcher,
        now + 604800, now, event, now)
end

-- Have a session that has just become able to ask its user about all who wait for an answer.
local function put_questions(prefix, user, id, now)
    local records = redis.call('HGETALL', prefix .. 'reactive:' .. user)
    for i = 1, #records, 2 do
        if unanswered(cjson.decode(records[i + 1])) ~= '' then
            put_question(prefix, id, records[i], now)
        end
    end
end

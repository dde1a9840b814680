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

-- include alive
-- include outboxes
-- include waiting
-- include news
-- include subscription
-- Of how many publishers there may be news at a time.
local NEWS_AT_A_TIME = 50

-- What is done with messages. It is made where there is one: that takes longer than to tell an event.
local made
local function messages()
    if not made then
        -- include messages
        made = {key = message_key, read = read_message, remove = remove_message, report = report_message,
            hand = hand_message, leave = leave_message, may_have = may_have_message, any_of = any_of}
    end
    return made
end

-- Take a session's acknowledgement, if it has one, and give it what is to be sent next, if it wants
-- that: an event of its outbox or, when there is none, a message.
--
-- A message waits in the user's queue until every session that was on line when it came (its
-- "sessions") has acknowledged it, given it up or ended, and at least one has acknowledged it
-- ("closed"). A session that came later gets it as long as it is not closed. A session takes one
-- message at a time, in order; which one is in flight, under which transaction id, since when and
-- for which time is in its record. Of events, a few may be in flight; but while one is that notifies of
-- a message ("noticed"), a client that answers such takes no message: not all do.
--
-- Given are whether anything is wanted; after how many seconds and how many times at most a thing is sent;
-- how long the work that this causes is left to the caller (seconds); the code of a report that a message
-- has arrived; and what is said of what was sent: '' nothing, 'transaction' that what is in flight under a
-- transaction id is here, which is the message of an id unless that is '', 'refused' the same but not wanted,
-- or not to be sent as it is, 'message' that the message of an id is here, 'handed' the same, but what became
-- of it is reported later; under which of these ids, and of which message.
-- Returns what became of the acknowledgement (1 done, 0 unknown), 1 or 0 for whether more waits, the
-- work that is to be done now ('' for none), the ending of the message that this session is the first to
-- have ('' for none), and then, if there is something to send, 'event', its transaction id and the event,
-- or 'news', its transaction id, for each publisher a line with it, the attributes, those that the session has asked for and the name by which it knows the publisher, with
-- tabs between, and the telephone number of the session's user, '' for none, or 'message', its
-- transaction id, since when it is in flight, the session's record of that time ('' if it is the same),
-- its id, head and content, '' for large content.
local function delivered(prefix, id, moment, is_wanted, again, tries_limit, lease_seconds, code, said,
    said_of, said_of_message)
    local key, now = prefix .. 'session:' .. id, tonumber(moment)
    local user, messaging, flight, transaction, at, tries, came_to, noticed, answering = unpack(
        redis.call('HMGET', key, 'user', 'messaging', 'flight', 'flight_transaction', 'flight_at',
            'flight_tries', 'cursor', 'noticed', 'answering'))
    local cursor = came_to or '0'
    local takes_messages = messaging ~= ''
    if not user then
        return {0, 0, '', ''}
    end
    if answering then
        -- The answer says at its end whether anything waits.
        redis.call('HDEL', key, 'answering')
    end
    local queue = prefix .. 'queue:' .. user
    local outbox, events = prefix .. 'outbox:' .. id, prefix .. 'events:' .. id
    local sending = prefix .. 'sending:' .. id
    local in_flight = redis.call('HGETALL', sending)
    local number_in_flight = #in_flight / 2
    again, tries_limit = tonumber(again), tonumber(tries_limit)
    local work, ending = '', ''

    local function name(message_id)
        return messages().key(prefix, user, message_id)
    end

    -- Whether a message still waits for another session.
    local function is_awaiting(other)
        return is_alive(prefix, other, now)
    end

    -- This session has a message, or gives it up. Its first acknowledgement is reported, if the sender
    -- wants that.
    local function leave(message_id, acknowledged)
        if acknowledged then
            local say = said == 'handed' and messages().hand or messages().report
            work, ending = say(prefix, user, message_id, code, moment, now + lease_seconds)
            if ending ~= '' then
                redis.call('HSET', name(message_id), 'closed', 1)
            end
        end
        messages().leave(prefix, user, message_id, id, is_awaiting)
    end

    local function land()
        redis.call('HDEL', key, 'flight', 'flight_transaction', 'flight_at', 'flight_since',
            'flight_tries', 'flight_record')
        flight = false
    end

    -- What is in flight at a place is so no more.
    local function end_flight(i)
        number_in_flight = number_in_flight - 1
        in_flight[i + 1] = ''
        return redis.call('HDEL', sending, in_flight[i])
    end

    local done = 0
    local acknowledged = false
    local function was_delivered(message_id)
        return (redis.call('HGET', key, 'delivered') or ''):find(' ' .. message_id .. ' ', 1, true) ~= nil
    end

    -- The message in flight is not wanted as it is: its client is notified of it instead, and may fetch it.
    local function notify_of_flight()
        local expires = redis.call('HGET', name(flight), 'expires')
        local notice = cjson.encode({kind = 'notice', message_id = flight, since = now})
        if expires then
            put_event(outbox, events, 'notice:' .. flight, expires, moment, notice, now)
            if noticed then
                noticed = flight
                redis.call('HSET', key, 'noticed', noticed)
            end
        end
        done = 1
        land()
    end

    local is_flight = flight and transaction == said_of
    if said == 'message' or said == 'handed' then
        if redis.call('ZSCORE', queue, said_of) then
            acknowledged = said_of
        elseif was_delivered(said_of) then
            done = 1
        end
    elseif said == 'transaction' and said_of_message ~= '' then
        if is_flight and flight == said_of_message then
            acknowledged = flight
        elseif was_delivered(said_of_message) then
            done = 1
        end
    elseif said == 'refused' and is_flight and messaging:find(' NOTIF$') then
        notify_of_flight()
    elseif said ~= '' and is_flight then
        acknowledged = flight
    elseif said ~= '' then
        for i = 1, #in_flight, 2 do
            if in_flight[i] == said_of then
                local _, _, _, _, event_key = fields_of_sending(in_flight[i + 1])
                if said == 'transaction' and event_key:find('^notice:') then
                    noticed = ''
                    redis.call('HSET', key, 'noticed', noticed)
                end
                done = end_flight(i)
            end
        end
    end
    if acknowledged then
        done = 1
        leave(acknowledged, said ~= 'refused')
        local delivered = redis.call('HGET', key, 'delivered') or ' '
        delivered = (delivered .. acknowledged .. ' '):sub(-400):match(' .*$') or ' '
        redis.call('HSET', key, 'delivered', delivered)
        if acknowledged == flight then
            land()
        end
        if acknowledged == noticed then
            noticed = ''
            redis.call('HSET', key, 'noticed', noticed)
        end
    end

    -- Whether more can be fetched: behind a message that is in flight, only events.
    local function more()
        local waits = event_waits(prefix, id, number_in_flight)
            or not flight and takes_messages and message_waits(prefix, user, cursor)
        return waits and 1 or 0
    end

    local function next_transaction()
        return 's' .. redis.call('HINCRBY', key, 'transactions', 1)
    end

    -- What is sent is in flight from now on.
    local function send(own, ...)
        number_in_flight = number_in_flight + redis.call('HSET', sending, own, sending_of(moment, ...))
        redis.call('EXPIRE', sending, 86400)
    end

    -- An acknowledgement that means nothing gets an answer of its own, to which nothing is added.
    if not is_wanted or said_of_message ~= '' and done == 0 then
        return {done, more(), work, ending}
    end

    -- Events: those that were not answered in time, in order, and then the next that waits. What is in
    -- flight is kept as it was sent.
    local late, late_number
    local news_tries = 1
    for i = 1, #in_flight, 2 do
        local since, times, _, _, event_key, event = fields_of_sending(in_flight[i + 1])
        if since and now - since >= again then
            if tonumber(times) >= tries_limit then
                end_flight(i)
                if event_key:find('^notice:') then
                    noticed = false
                    redis.call('HDEL', key, 'noticed')
                end
            elseif event_key == 'news' then
                -- Told anew, as it is by then, and under another id.
                end_flight(i)
                for publisher, attributes in event:gmatch('([^\t\n]+)\t([^\t\n]+)') do
                    if redis.call('HEXISTS', prefix .. 'subscriptions:' .. id, publisher) == 1 then
                        put_news(prefix, id, publisher, attributes)
                    end
                end
                news_tries = math.max(news_tries, times + 1)
            else
                local number = tonumber(in_flight[i]:sub(2))
                if not late or number < late_number then
                    late, late_number = i, number
                end
            end
        end
    end
    if late then
        local _, times, expires, put_at, event_key, event = fields_of_sending(in_flight[late + 1])
        send(in_flight[late], times + 1, expires, put_at, event_key, event)
        return {done, more(), work, ending, 'event', in_flight[late], event}
    end
    if not flight and redis.call('EXISTS', outbox, prefix .. 'news:' .. id, queue) == 0 then
        return {done, 0, work, ending}
    end
    local has_room = number_in_flight < MOST_IN_FLIGHT
    while has_room do
        local first = redis.call('ZPOPMIN', outbox)[1]
        if not first then
            break
        end
        local expires, put_at, event = fields_of_event(redis.call('HGET', events, first) or '0 0 ')
        redis.call('HDEL', events, first)
        if tonumber(expires) > now then
            local own = next_transaction()
            send(own, 1, expires, put_at, first, event)
            return {done, more(), work, ending, 'event', own, event}
        end
    end

    -- News of some publishers at a time; what is known of them is read when it is sent.
    if has_room then
        local news, news_of = prefix .. 'news:' .. id, prefix .. 'news-of:' .. id
        local publishers = redis.call('ZRANGE', news, 0, NEWS_AT_A_TIME - 1)
        if #publishers > 0 then
            local lines = {}
            local records = redis.call('HMGET', prefix .. 'subscriptions:' .. id, unpack(publishers))
            local told_of = redis.call('HMGET', news_of, unpack(publishers))
            for i, publisher in ipairs(publishers) do
                local subscription = subscription_of(records[i])
                -- It may have asked for less meanwhile.
                local asked = attributes_asked(subscription)
                local attributes = intersection(told_of[i], asked)
                if attributes ~= '' then
                    lines[#lines + 1] = table.concat({publisher, attributes, asked, subscription.name}, '\t')
                end
            end
            if #publishers < NEWS_AT_A_TIME then
                redis.call('DEL', news, news_of)
            else
                redis.call('ZREM', news, unpack(publishers))
                redis.call('HDEL', news_of, unpack(publishers))
            end
            if #lines > 0 then
                local own, told = next_transaction(), table.concat(lines, '\n')
                send(own, news_tries, now + 86400, moment, 'news', told)
                local number = redis.call('HGET', prefix .. 'account:' .. user, 'msisdn')
                return {done, more(), work, ending, 'news', own, told, number or ''}
            end
        end
    end

    -- What is told of a message that is sent: those behind it come once it is acknowledged.
    local function sent(message_id, since)
        local head, content = messages().read(prefix, user, message_id, false)
        local record = redis.call('HGET', key, 'flight_record') or ''
        local waits = event_waits(prefix, id, number_in_flight)
            or message_waits(prefix, user, cursor)
        return {done, waits and 1 or 0, work, ending, 'message', transaction, since, record, message_id, head,
            content}
    end

    if flight then
        local is_valid = tonumber(redis.call('HGET', name(flight), 'expires') or 0) > now
        if is_valid and now - at < again then
            return {done, 0, work, ending}
        end
        if is_valid and tonumber(tries) < tries_limit then
            -- The same message once more, as it was: since when it flies is part of what it says.
            redis.call('HSET', key, 'flight_at', moment, 'flight_tries', tries + 1)
            return sent(flight, redis.call('HGET', key, 'flight_since'))
        end
        if is_valid then
            leave(flight, false)
        end
        land()
    end

    takes_messages = takes_messages and not notice_is_out(prefix, id, noticed)
    while takes_messages do
        local found = redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT',
            0, 1)
        if #found == 0 then
            if cursor ~= came_to then
                redis.call('HSET', key, 'cursor', cursor)
            end
            break
        end
        local message_id = found[1]
        cursor = found[2]
        local may, sessions, closed = messages().may_have(prefix, user, message_id, id, now, is_awaiting)
        if not sessions or closed and not messages().any_of(sessions, is_awaiting) then
            messages().remove(prefix, user, message_id)
        elseif may then
            transaction = next_transaction()
            redis.call('HSET', key, 'cursor', cursor, 'flight', message_id, 'flight_transaction',
                transaction, 'flight_at', moment, 'flight_since', moment, 'flight_tries', 1)
            return sent(message_id, moment)
        end
    end
    return {done, 0, work, ending}
end

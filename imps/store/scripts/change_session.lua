-- Change what is recorded of a session, and how long it lives.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] the new record, ARGV[4]
-- how long it lives without a request (seconds), ARGV[5] 1 if its client has come back: what is in
-- flight to it is sent again at once, ARGV[6] the record that is to be changed, then other fields and
-- their values. Returns 1, 0 when there is no such session, or, having done nothing, the record that
-- there is, if it is another one.
-- include flights
-- include sessions
-- include reactive
local prefix, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'session:' .. id
local record, user, takes_reports, client_type, asks = unpack(redis.call('HMGET', key, 'record',
    'user', 'takes_reports', 'client_type', 'asks'))
if not record then
    return 0
end
if record ~= ARGV[6] then
    return record
end
-- What is in flight is sent again as it was, by what was agreed then.
if redis.call('HEXISTS', key, 'flight') == 1 then
    redis.call('HSETNX', key, 'flight_record', record)
end
redis.call('HSET', key, 'record', ARGV[3], 'lifetime', ARGV[4], 'expires', now + ARGV[4],
    unpack(ARGV, 7))
local state = prefix .. 'waiting:' .. user
local client, offline_handling, offline_notices = unpack(redis.call('HMGET', key, 'client',
    'offline_handling', 'offline_notices'))
if (offline_handling or '') ~= '' then
    redis.call('HSET', state, 'offline_handling', offline_handling)
end
-- The user is told of messages while off line for as long as the client that agreed on it last does not
-- agree otherwise; clients that know nothing of it change nothing.
if offline_notices == '1' then
    redis.call('HSET', state, 'offline_notices', client)
elseif redis.call('HGET', state, 'offline_notices') == client then
    redis.call('HDEL', state, 'offline_notices')
end
redis.call('ZADD', prefix .. 'expiring-sessions', 'LT', now + ARGV[4], id)
redis.call('EXPIRE', key, math.ceil(ARGV[4] + redis.call('HGET', key, 'remembered')))
if redis.call('HGET', key, 'client_type') ~= client_type then
    presence_changed(prefix, user, 'ClientInfo', ARGV[2])
end
if redis.call('HGET', key, 'takes_reports') ~= takes_reports then
    if takes_reports == '1' then
        leave_reports(prefix, user, id, now)
    else
        take_kept(prefix, user, id, now)
    end
end
-- It may have become able to ask.
local asks_now = redis.call('HGET', key, 'asks')
if asks_now ~= '' and asks_now ~= asks then
    put_questions(prefix, user, id, now)
end
if ARGV[5] == '1' then
    send_again(prefix, id)
end
return 1

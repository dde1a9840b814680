-- Open a session; one that the same client of the same user had is ended by the server.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] its user, ARGV[3] its client, ARGV[4]
-- now, ARGV[5] how long it lives without a request and ARGV[6] how long it is remembered after that
-- (seconds), ARGV[7] its record, ARGV[8] the code with which an old session ends, ARGV[9] that of one
-- whose time is over, ARGV[10] how many sessions a user may have, ARGV[11] until
-- when the work that this causes is left to the caller, then other fields and their values.
-- Returns 0 when there is no such user any more, or the user is suspended, and -1 when the user has as
-- many sessions as may be; else the work, '' for none: to tell those who watch the user.
-- include sessions
-- include reactive
local prefix, id, user, client, now = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local account = prefix .. 'account:' .. user
if redis.call('EXISTS', account) == 0 or redis.call('HEXISTS', account, 'suspended') == 1 then
    return 0
end
local index = prefix .. 'sessions:' .. user
local clients = redis.call('HGETALL', index)
for i = 1, #clients, 2 do
    if not is_alive(prefix, clients[i + 1], now) then
        end_session(prefix, clients[i + 1], now, now, ARGV[9], ARGV[6])
        redis.call('HDEL', index, clients[i])
    elseif clients[i] == client then
        end_session(prefix, clients[i + 1], now, now, ARGV[8], ARGV[6])
    end
end
if redis.call('HLEN', index) >= tonumber(ARGV[10]) then
    return -1
end
local key = prefix .. 'session:' .. id
redis.call('HSET', key, 'user', user, 'client', client, 'record', ARGV[7], 'lifetime', ARGV[5],
    'remembered', ARGV[6], 'expires', now + ARGV[5], 'opened', ARGV[4], unpack(ARGV, 12))
redis.call('ZADD', prefix .. 'expiring-sessions', now + ARGV[5], id)
redis.call('EXPIRE', key, math.ceil(ARGV[5] + ARGV[6]))
redis.call('HSET', index, client, id)

-- What was kept for the user while away is this session's to tell.
if redis.call('HGET', key, 'takes_reports') == '1' then
    take_kept(prefix, user, id, now)
end
if redis.call('HGET', key, 'asks') ~= '' then
    put_questions(prefix, user, id, now)
end
if redis.call('HGET', key, 'absent') == '1' then
    return ''
end
return presence_changed(prefix, user, 'OnlineStatus ClientInfo CommCap', ARGV[11])

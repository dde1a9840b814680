-- Change what is recorded of a session, and how long it lives.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] the new record, ARGV[4]
-- how long it lives without a request (seconds), ARGV[5] 1 if its client has come back: what is in
-- flight to it is sent again at once, then other fields and their values. Returns 0 when there is no such
-- session.
-- include flights
-- include reactive
local key = KEYS[1] .. 'session:' .. ARGV[1]
if redis.call('HEXISTS', key, 'record') == 0 then
    return 0
end
local user, client_type, asks = unpack(redis.call('HMGET', key, 'user', 'client_type', 'asks'))
-- What is in flight is sent again as it was, by what was agreed then.
if redis.call('HEXISTS', key, 'flight') == 1 then
    redis.call('HSETNX', key, 'flight_record', redis.call('HGET', key, 'record'))
end
redis.call('HSET', key, 'record', ARGV[3], 'lifetime', ARGV[4], 'expires', ARGV[2] + ARGV[4],
    unpack(ARGV, 6))
redis.call('ZADD', KEYS[1] .. 'expiring-sessions', 'LT', ARGV[2] + ARGV[4], ARGV[1])
redis.call('EXPIRE', key, math.ceil(ARGV[4] + redis.call('HGET', key, 'remembered')))
if redis.call('HGET', key, 'client_type') ~= client_type then
    presence_changed(KEYS[1], user, 'ClientInfo', ARGV[2])
end
if redis.call('HGET', key, 'asks') == '1' and asks ~= '1' then
    put_questions(KEYS[1], user, ARGV[1], tonumber(ARGV[2]))
end
if ARGV[5] == '1' then
    send_again(KEYS[1], ARGV[1])
end
return 1

-- What is in flight to a session is sent again at once: its client has come back.
local function send_again(prefix, id)
    local key, sending = prefix .. 'session:' .. id, prefix .. 'sending:' .. id
    if redis.call('HEXISTS', key, 'flight') == 1 then
        redis.call('HSET', key, 'flight_at', 0)
    end
    local events = redis.call('HGETALL', sending)
    for i = 1, #events, 2 do
        redis.call('HSET', sending, events[i], '0' .. events[i + 1]:match(' .*$'))
    end
end

-- Have sessions of a bucket told of publishers: what waits to be told of one is told with it.
-- KEYS[1] the bucket's prefix; ARGV[1] now, then a session id, a publisher and attributes, again and
-- again. Returns the sessions that are gone, or did not subscribe.
-- include alive
-- include wakeups
-- include news
-- include subscription
local function is_subscribed(prefix, id, publisher)
    local record = redis.call('HGET', prefix .. 'subscriptions:' .. id, publisher)
    return record and attributes_asked(subscription_of(record)) ~= ''
end

local prefix, now, gone, woken = KEYS[1], tonumber(ARGV[1]), {}, {}
for i = 2, #ARGV, 3 do
    local id, publisher, attributes = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    if not is_alive(prefix, id, now) or not is_subscribed(prefix, id, publisher) then
        gone[#gone + 1] = id
    else
        put_news(prefix, id, publisher, attributes)
        if not woken[id] then
            wake(prefix, id)
            woken[id] = true
        end
    end
end
return gone

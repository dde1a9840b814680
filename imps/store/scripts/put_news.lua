-- Have sessions of a bucket told of publishers: what waits to be told of one is told with it.
-- KEYS[1] the bucket's prefix; ARGV[1] now, then a session id, a publisher and attributes, again and
-- again. Returns the sessions that are gone.
-- include sessions
-- include news
local prefix, now, gone = KEYS[1], tonumber(ARGV[1]), {}
for i = 2, #ARGV, 3 do
    local id, publisher, attributes = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    if is_alive(prefix, id, now) then
        put_news(prefix, id, publisher, attributes)
        wake(prefix, id)
    else
        gone[#gone + 1] = id
    end
end
return gone

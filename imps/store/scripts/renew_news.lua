-- Have a session told anew of some of those to whom it has subscribed.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] where to go on, 0 at first,
-- ARGV[4] about how many at most. Returns where to go on after these, 0 at the end.
-- include alive
-- include wakeups
-- include news
-- include subscription
local prefix, id = KEYS[1], ARGV[1]
if not is_alive(prefix, id, tonumber(ARGV[2])) then
    return '0'
end
local next_place, records = unpack(redis.call('HSCAN', prefix .. 'subscriptions:' .. id, ARGV[3],
    'COUNT', ARGV[4]))
for i = 1, #records, 2 do
    local attributes = attributes_asked(subscription_of(records[i + 1]))
    if attributes ~= '' then
        put_news(prefix, id, records[i], attributes)
    end
end
if #records > 0 then
    wake(prefix, id)
end
return next_place

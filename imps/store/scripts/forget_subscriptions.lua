-- Forget that a session has subscribed to publishers, and what it was to be told of them.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the contact list through which, '' for
-- whatever there is, ARGV[3] 1 to stop following the list, then the publishers. Those that are in lists
-- which the session follows are kept in mind, so that they are not new there at the next change.
-- include subscriptions
local prefix, id, list = KEYS[1], ARGV[1], ARGV[2]
local key = prefix .. 'subscriptions:' .. id
for i = 4, #ARGV do
    local publisher = ARGV[i]
    local record = redis.call('HGET', key, publisher)
    local rest
    if list == '' then
        rest = declined(prefix, id, publisher, record)
    elseif record then
        rest = unsubscribed(record, list)
    end
    if rest then
        redis.call('HSET', key, publisher, rest)
    elseif record then
        redis.call('HDEL', key, publisher)
    end
    if record and (not rest or attributes_asked(subscription_of(rest)) == '') then
        redis.call('ZREM', prefix .. 'news:' .. id, publisher)
        redis.call('HDEL', prefix .. 'news-of:' .. id, publisher)
    end
end
if ARGV[3] == '1' then
    redis.call('HDEL', prefix .. 'followed:' .. id, list)
end
return 1

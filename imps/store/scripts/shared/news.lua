-- include attributes
-- What a session is to be told of publishers: these in order, and for each the attributes. What waits
-- to be told of one is told with what comes now.
local function put_news(prefix, id, publisher, attributes)
    local news, news_of = prefix .. 'news:' .. id, prefix .. 'news-of:' .. id
    local known = redis.call('HGET', news_of, publisher)
    if not known then
        local last = redis.call('ZREVRANGE', news, 0, 0, 'WITHSCORES')[2] or 0
        redis.call('ZADD', news, last + 1, publisher)
    end
    redis.call('HSET', news_of, publisher, known and union(known, attributes) or attributes)
end

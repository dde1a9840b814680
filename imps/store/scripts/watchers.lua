-- Who watches a publisher, and who has done so.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, ARGV[2] since when. Returns what is kept of each
-- session that subscribed; and of the others, oldest first, what they were and who.
return {redis.call('HVALS', KEYS[1] .. 'subscribers:' .. ARGV[1]),
    redis.call('ZRANGEBYSCORE', KEYS[1] .. 'watchers:' .. ARGV[1], ARGV[2], '+inf')}

-- To whom a session is subscribed, and which contact lists it follows.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id. Returns publishers and what was asked for of
-- each; and the lists, and what was asked for through each.
return {redis.call('HGETALL', KEYS[1] .. 'subscriptions:' .. ARGV[1]),
    redis.call('HGETALL', KEYS[1] .. 'followed:' .. ARGV[1])}

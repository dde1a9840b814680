-- To whom a session is subscribed through a contact list, and whether it follows that.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the list. Returns the publishers, and what
-- is asked for of those who come, nil if the list is not followed.
-- include subscriptions
return {publishers_through(KEYS[1], ARGV[1], ARGV[2]),
    redis.call('HGET', KEYS[1] .. 'followed:' .. ARGV[1], ARGV[2])}

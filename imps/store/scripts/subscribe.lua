-- Subscribe a session to publishers of a bucket.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] its user, ARGV[3] the contact list
-- through which, '' for none, ARGV[4] the attributes, then the publishers.
-- Returns for each 1, or 0 if there is no such user.
-- include subscriptions
local prefix, outcomes = KEYS[1], {}
for i = 5, #ARGV do
    local publisher = ARGV[i]
    local key = prefix .. 'subscribers:' .. publisher
    if redis.call('EXISTS', prefix .. 'account:' .. publisher) == 0 then
        outcomes[i - 4] = 0
    else
        local record = redis.call('HGET', key, ARGV[1])
        redis.call('HSET', key, ARGV[1], subscribed(record, ARGV[2], ARGV[3], ARGV[4]))
        outcomes[i - 4] = 1
    end
end
return outcomes

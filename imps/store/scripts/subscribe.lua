-- Subscribe a session to publishers of a bucket.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the names of its user, with blanks
-- between, ARGV[3] the contact list through which, '' for none, ARGV[4] the attributes, then the
-- publishers. What the session has seen so far is forgotten.
-- Returns for each what it allows the user, as the script of permissions does, or 0 if there is no such
-- publisher.
-- include subscriptions
-- include permissions
local prefix, outcomes = KEYS[1], {}
for i = 5, #ARGV do
    local publisher, outcome = ARGV[i], 0
    if redis.call('EXISTS', prefix .. 'account:' .. publisher) == 1 then
        local key = prefix .. 'subscribers:' .. publisher
        local subscription = subscription_of(redis.call('HGET', key, ARGV[1]))
        subscription.watcher = ARGV[2]
        subscription.seen = nil
        subscription.number = nil
        subscription.asked[ARGV[3]] = ARGV[4]
        redis.call('HSET', key, ARGV[1], cjson.encode(subscription))
        outcome = permissions_of(prefix, publisher)(ARGV[2])
    end
    outcomes[i - 4] = outcome
end
return outcomes

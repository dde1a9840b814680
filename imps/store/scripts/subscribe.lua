-- Subscribe a session to publishers of a bucket.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the names of its user, with blanks
-- between, ARGV[3] the contact list through which, '' for none, ARGV[4] the attributes, ARGV[5] 1 if
-- what was asked for in the same way before stays, ARGV[6] until when it is to last, '' for as long as
-- the session does, then the publishers. What the session has seen so far is forgotten. For a user of
-- another domain, the address stands in the place of a session.
-- Returns for each what it allows the user, as the script of permissions does, or 0 if there is no such
-- publisher, -1 if it has too many subscribers for one more of another domain.
-- include subscriptions
-- include permissions
local prefix, outcomes = KEYS[1], {}
-- Users of other domains cost their servers nothing.
local MOST_WITH_THOSE_ABROAD = 10000
for i = 7, #ARGV do
    local publisher, outcome = ARGV[i], 0
    local key = prefix .. 'subscribers:' .. publisher
    if ARGV[6] ~= '' and redis.call('HLEN', key) >= MOST_WITH_THOSE_ABROAD
        and redis.call('HEXISTS', key, ARGV[1]) == 0 then
        outcome = -1
    elseif redis.call('EXISTS', prefix .. 'account:' .. publisher) == 1 then
        local subscription = subscription_of(redis.call('HGET', key, ARGV[1]))
        subscription.watcher = ARGV[2]
        subscription.seen = nil
        subscription.number = nil
        subscription['until'] = tonumber(ARGV[6])
        if ARGV[5] ~= '1' or not subscription.asked[ARGV[3]] then
            subscription.asked[ARGV[3]] = ARGV[4]
        end
        redis.call('HSET', key, ARGV[1], cjson.encode(subscription))
        outcome = permissions_of(prefix, publisher, {ARGV[2]})[1]
    end
    outcomes[i - 6] = outcome
end
return outcomes

-- Note that a session is subscribed to contacts of a list that it follows, and have it told of them.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the list, ARGV[3] the attributes, ARGV[4]
-- how many subscriptions a session may have, ARGV[5] now, then publishers: each with the name by which
-- the session knows it, that as it is written for contacts, and the attributes to be told, '' for none.
-- Returns those of whom nothing is noted: the session is over or follows the list no more, it has
-- unsubscribed from them, they are in the list no more, or there are too many.
-- include sessions
-- include news
-- include subscriptions
local prefix, id, list, most = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local key = prefix .. 'subscriptions:' .. id
local follows = is_alive(prefix, id, tonumber(ARGV[5]))
    and redis.call('HEXISTS', prefix .. 'followed:' .. id, list) == 1

local function may_be_noted(publisher, contact, asked)
    if not follows or asked == '' then
        return false
    end
    local has_room = redis.call('HEXISTS', key, publisher) == 1 or redis.call('HLEN', key) < most
    return has_room and redis.call('HEXISTS', prefix .. 'contacts:' .. list, contact) == 1
end

local refused, told = {}, false
for i = 6, #ARGV, 4 do
    local publisher = ARGV[i]
    local subscription = subscription_of(redis.call('HGET', key, publisher))
    if not may_be_noted(publisher, ARGV[i + 2], subscription.asked[list]) then
        refused[#refused + 1] = publisher
    else
        subscription.name = ARGV[i + 1]
        subscription.asked[list] = subscription.asked[list] or ARGV[3]
        redis.call('HSET', key, publisher, cjson.encode(subscription))
        if ARGV[i + 3] ~= '' then
            put_news(prefix, id, publisher, ARGV[i + 3])
            told = true
        end
    end
end
if told then
    wake(prefix, id)
end
return refused

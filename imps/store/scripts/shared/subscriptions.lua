-- include presence
-- What a session has asked for of a publisher, by the contact list through which it did, '' for none.
local function subscription_of(record)
    local subscription = record and cjson.decode(record) or {}
    subscription.asked = subscription.asked or {}
    return subscription
end

-- All attributes that it has asked for.
local function attributes_asked(subscription)
    local attributes = ''
    for _, some in pairs(subscription.asked) do
        attributes = union(attributes, some)
    end
    return attributes
end

-- Take away what was asked for through a list, or all of it without one; nil if nothing remains.
local function unsubscribed(record, list)
    local subscription = subscription_of(record)
    subscription.asked[list] = nil
    if list == '' or next(subscription.asked) == nil then
        return nil
    end
    return cjson.encode(subscription)
end

-- Whether a session subscribed to anybody through a contact list, or follows it.
local function uses_contact_list(prefix, id, list)
    if redis.call('HEXISTS', prefix .. 'followed:' .. id, list) == 1 then
        return true
    end
    for _, record in ipairs(redis.call('HVALS', prefix .. 'subscriptions:' .. id)) do
        if subscription_of(record).asked[list] then
            return true
        end
    end
    return false
end

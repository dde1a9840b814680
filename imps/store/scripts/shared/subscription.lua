-- include attributes
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

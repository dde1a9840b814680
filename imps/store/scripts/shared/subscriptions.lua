-- include presence
-- include subscription
-- Take away what was asked for through a list, or all of it without one; nil if nothing remains.
local function unsubscribed(record, list)
    local subscription = subscription_of(record)
    subscription.asked[list] = nil
    if list == '' or next(subscription.asked) == nil then
        return nil
    end
    return cjson.encode(subscription)
end

-- Take away all that was asked for of a publisher, and keep in mind that nothing is to be asked for
-- through those lists with that contact which the session follows: they stand there without attributes.
-- nil if there are none.
local function declined(prefix, id, publisher, record)
    local subscription, lists = subscription_of(record), {}
    for _, list in ipairs(redis.call('HKEYS', prefix .. 'followed:' .. id)) do
        if subscription.asked[list]
            or redis.call('HEXISTS', prefix .. 'contacts:' .. list, publisher) == 1 then
            lists[list] = ''
        end
    end
    if next(lists) == nil then
        return nil
    end
    subscription.asked = lists
    return cjson.encode(subscription)
end

-- To whom a session subscribed through a contact list, and to whom no longer although it follows that.
local function publishers_through(prefix, id, list)
    local publishers = {}
    -- There may be thousands: what does not name the list need not be read.
    local name = cjson.encode(list)
    local records = redis.call('HGETALL', prefix .. 'subscriptions:' .. id)
    for i = 1, #records, 2 do
        local record = records[i + 1]
        if record:find(name, 1, true) and subscription_of(record).asked[list] then
            publishers[#publishers + 1] = records[i]
        end
    end
    return publishers
end

-- Whether a session has subscribed through a contact list; it may have unsubscribed since.
local function has_used_contact_list(prefix, id, list)
    return redis.call('SISMEMBER', prefix .. 'lists-used:' .. id, list) == 1
end

-- include presence
-- A subscription is kept as what was asked for directly and through contact lists.
local function subscription_of(record)
    return record and cjson.decode(record) or {lists = {}}
end

local function packed_subscription(subscription)
    if next(subscription.lists) == nil then
        subscription.lists = nil
    end
    return cjson.encode(subscription)
end

-- Add what is asked for, directly or through a list; it takes the place of what was asked so before.
local function subscribed(record, watcher, list, attributes)
    local subscription = subscription_of(record)
    subscription.watcher = watcher
    subscription.lists = subscription.lists or {}
    if list == '' then
        subscription.direct = attributes
    else
        subscription.lists[list] = attributes
    end
    return packed_subscription(subscription)
end

-- Take away what was asked for through a list, or all of it; nil if nothing remains.
local function unsubscribed(record, list)
    local subscription = subscription_of(record)
    subscription.lists = subscription.lists or {}
    subscription.lists[list] = nil
    if list == '' or not subscription.direct and next(subscription.lists) == nil then
        return nil
    end
    return packed_subscription(subscription)
end

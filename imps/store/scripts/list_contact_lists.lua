-- A user's contact lists, oldest first.
-- KEYS[1] the bucket's prefix; ARGV[1] the user.
-- Returns {address, display name, 1 for the default list or else 0} for each.
local default = redis.call('GET', KEYS[1] .. 'default-contact-list:' .. ARGV[1])
local lists = redis.call('ZRANGE', KEYS[1] .. 'contact-lists:' .. ARGV[1], 0, -1)
for i, list in ipairs(lists) do
    local fields = redis.call('HMGET', KEYS[1] .. 'contact-list:' .. list, 'address', 'display_name')
    lists[i] = {fields[1], fields[2], list == default and 1 or 0}
end
return lists

-- A user's contact lists, oldest first, without the contacts.
-- KEYS[1] the bucket's prefix; ARGV[1] the user.
-- Returns {address, display name, 1 for the default list or else 0} for each.
-- include contact_lists
local lists = redis.call('ZRANGE', KEYS[1] .. 'contact-lists:' .. ARGV[1], 0, -1)
for i, list in ipairs(lists) do
    lists[i] = contact_list(KEYS[1], ARGV[1], list, false)
end
return lists

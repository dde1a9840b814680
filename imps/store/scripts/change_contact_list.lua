-- Change a contact list, or nothing of it, and read it.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the list, ARGV[3] how many contacts it may have,
-- ARGV[4] 1 to read the contacts, too, ARGV[5] its display name, '' to leave it, ARGV[6] 1 to make it the
-- default, ARGV[7] how many contacts go, then those, and then those that come: for each a key, the
-- address as spelled, and the nickname.
-- Returns the work that this causes, {address, display name, 1 for the default list or else 0, the
-- contacts if they are read}, and the keys of those who were not in it before; 0 when there is no such list, -2 when it would have too many contacts: then
-- nothing was changed.
-- include contact_lists
local prefix, user, list = KEYS[1], ARGV[1], ARGV[2]
local first_added = 8 + ARGV[7]
if not has_contact_list(prefix, user, list) then
    return 0
end
if not have_room(prefix, list, first_added, ARGV[3]) then
    return -2
end
if ARGV[5] ~= '' then
    redis.call('HSET', prefix .. 'contact-list:' .. list, 'display_name', ARGV[5])
end
if ARGV[6] == '1' then
    redis.call('SET', prefix .. 'default-contact-list:' .. user, list)
end
local new = add_contacts(prefix, list, first_added)
for i = 8, first_added - 1 do
    redis.call('HDEL', contacts_key(prefix, list), ARGV[i])
end
local work = #ARGV > 7 and contacts_changed(prefix, user, list) or {}
return {work, contact_list(prefix, user, list, ARGV[4] == '1'), new}

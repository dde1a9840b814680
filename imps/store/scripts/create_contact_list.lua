-- Make a contact list; the first of a user is the default, another one if it is to be.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the list, ARGV[3] the id of the operation,
-- ARGV[4] how many lists a user and ARGV[5] how many contacts a list may have, ARGV[6] the list's address
-- as spelled, ARGV[7] its display name, ARGV[8] 1 to make it the default, then the contacts: for each
-- a key, the address as spelled, and the nickname.
-- Returns 1 made, now or before by the same operation, 0 it exists, -1 too many lists, -2 too many
-- contacts, -3 no such user.
-- include contact_lists
local prefix, user, list = KEYS[1], ARGV[1], ARGV[2]
local lists, key = prefix .. 'contact-lists:' .. user, prefix .. 'contact-list:' .. list
if redis.call('EXISTS', prefix .. 'account:' .. user) == 0 then
    return -3
end
if has_contact_list(prefix, user, list) then
    return redis.call('HGET', key, 'made_by') == ARGV[3] and 1 or 0
end
if redis.call('ZCARD', lists) >= tonumber(ARGV[4]) then
    return -1
end
if not have_room(prefix, list, 9, ARGV[5]) then
    return -2
end
redis.call('HSET', key, 'address', ARGV[6], 'display_name', ARGV[7], 'made_by', ARGV[3])
local last = redis.call('ZREVRANGE', lists, 0, 0, 'WITHSCORES')[2]
redis.call('ZADD', lists, (last or 0) + 1, list)
if ARGV[8] == '1' or not last then
    redis.call('SET', prefix .. 'default-contact-list:' .. user, list)
end
add_contacts(prefix, list, 9)
return 1

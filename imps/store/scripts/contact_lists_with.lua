-- The contact lists of a user that have a contact, oldest first.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, then the keys of the contact. Returns the addresses of
-- the lists.
-- include contact_lists
local prefix, found = KEYS[1], {}
for _, list in ipairs(redis.call('ZRANGE', prefix .. 'contact-lists:' .. ARGV[1], 0, -1)) do
    for i = 2, #ARGV do
        if redis.call('HEXISTS', contacts_key(prefix, list), ARGV[i]) == 1 then
            found[#found + 1] = redis.call('HGET', prefix .. 'contact-list:' .. list, 'address')
            break
        end
    end
end
return found

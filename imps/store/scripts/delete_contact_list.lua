-- Delete a contact list, and what its contacts were allowed, or kept from; if it was the default, the oldest of the
-- others is that from now on.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the list, ARGV[3] the id of the operation, by
-- which a repetition is known, '' for none, ARGV[4] for how long (seconds). Returns the work that this causes; 0 when
-- there is no such list, 1 when the same operation has deleted it.
-- include contact_lists
local prefix, user, list = KEYS[1], ARGV[1], ARGV[2]
local lists, default = prefix .. 'contact-lists:' .. user, prefix .. 'default-contact-list:' .. user
if redis.call('ZREM', lists, list) == 0 then
    return redis.call('GET', prefix .. 'list-deletion:' .. ARGV[3]) == list and 1 or 0
end
if ARGV[3] ~= '' then
    redis.call('SET', prefix .. 'list-deletion:' .. ARGV[3], list, 'EX', ARGV[4])
end
local work = contacts_changed(prefix, user, list)
redis.call('DEL', prefix .. 'contact-list:' .. list, contacts_key(prefix, list))
-- A list made anew under its name allows nothing.
for _, kind in ipairs({'attribute-lists', 'block-list', 'grant-list'}) do
    redis.call('HDEL', prefix .. kind .. ':' .. user, 'list ' .. list)
end
if redis.call('GET', default) == list then
    local oldest = redis.call('ZRANGE', lists, 0, 0)[1]
    if oldest then
        redis.call('SET', default, oldest)
    else
        redis.call('DEL', default)
    end
end
return work

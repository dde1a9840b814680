-- Delete a user: the account, the contact, attribute and access lists, the messages that wait and the sessions.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the code with which the sessions end, ARGV[3]
-- now, ARGV[4] how long that is remembered (seconds). Returns 0 when there was no account.
-- include sessions
local prefix, user, now = KEYS[1], ARGV[1], tonumber(ARGV[3])

for _, message_id in ipairs(redis.call('ZRANGE', prefix .. 'queue:' .. user, 0, -1)) do
    remove_message(prefix, user, message_id)
end

for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
    -- One whose time is over is told that.
    if is_alive(prefix, id, now) then
        end_session(prefix, id, now, now, ARGV[2], ARGV[4])
    end
end

for _, list in ipairs(redis.call('ZRANGE', prefix .. 'contact-lists:' .. user, 0, -1)) do
    redis.call('DEL', prefix .. 'contact-list:' .. list, prefix .. 'contacts:' .. list)
end

-- Those who watch the user are told, and then forgotten.
presence_changed(prefix, user, 'OnlineStatus', now)
for _, kind in ipairs({'account', 'sessions', 'queue', 'waiting', 'recent', 'kept', 'kept-events',
    'done', 'contact-lists', 'default-contact-list', 'attribute-lists', 'presence', 'watchers',
    'reactive', 'authorizations', 'access', 'block-list', 'grant-list', 'phone', 'handed'}) do
    redis.call('DEL', prefix .. kind .. ':' .. user)
end
return redis.call('ZREM', prefix .. 'accounts', user)

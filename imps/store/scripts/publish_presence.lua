-- Publish presence, of a user and of one of the user's clients.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the session of the client, '' for what is
-- known of the user without one, ARGV[3] now, ARGV[4] until when the work that this causes is left to
-- the caller, ARGV[5] how many attributes are the client's, then these and their values, then those of
-- the user; a value of '' removes what was there. Returns the work, '' for none; 0 when there is no
-- such user, or no such session.
-- include sessions
-- include presence
local prefix, user, id, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', prefix .. 'account:' .. user) == 0
    or id ~= '' and not is_alive(prefix, id, now) then
    return 0
end
local of_client = 5 + 2 * ARGV[5]
local changed = {}
for i = 6, #ARGV, 2 do
    local key = prefix .. 'presence:' .. user
    if i <= of_client and id ~= '' then
        key = prefix .. 'client-presence:' .. id
    end
    local attribute, value = ARGV[i], ARGV[i + 1]
    if (redis.call('HGET', key, attribute) or '') ~= value then
        if value == '' then
            redis.call('HDEL', key, attribute)
        else
            redis.call('HSET', key, attribute, value)
        end
        changed[#changed + 1] = attribute
    end
end
if #changed == 0 then
    return ''
end
if id ~= '' then
    redis.call('HSET', prefix .. 'session:' .. id, 'published', ARGV[3])
end
return presence_changed(prefix, user, table.concat(changed, ' '), ARGV[4])

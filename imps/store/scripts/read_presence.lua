-- Read the presence of users of a bucket, as they and their clients have published it.
-- KEYS[1] the bucket's prefix; ARGV[1] now, then the users.
-- Returns for each nothing if there is no such user; else the alias of the account, '' for none, the
-- attributes of the user and their values, and for each live session its id, its client, the type of
-- that, when it last published, or else was opened, and the attributes of its client and their values.
-- include sessions
local prefix, now, all = KEYS[1], tonumber(ARGV[1]), {}
for i = 2, #ARGV do
    local user, found = ARGV[i], {}
    if redis.call('EXISTS', prefix .. 'account:' .. user) == 1 then
        local sessions = {}
        for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
            local client, kind, opened, published = unpack(redis.call('HMGET',
                prefix .. 'session:' .. id, 'client', 'client_type', 'opened', 'published'))
            if is_alive(prefix, id, now) then
                sessions[#sessions + 1] = {id, client, kind or '', published or opened,
                    redis.call('HGETALL', prefix .. 'client-presence:' .. id)}
            end
        end
        found = {redis.call('HGET', prefix .. 'account:' .. user, 'alias') or '',
            redis.call('HGETALL', prefix .. 'presence:' .. user), sessions}
    end
    all[i - 1] = found
end
return all

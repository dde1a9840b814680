-- Read the presence of users of a bucket, and what they allow a watcher, at one moment.
-- KEYS[1] the bucket's prefix; ARGV[1] now, then, again and again, a user, 1 if the watchers ask for it
-- once, which is remembered, and the watchers, each on a line with its names, with blanks between.
-- Returns for each nothing if there is no such user; else the address and the alias of the account, ''
-- for none, the attributes of the user and their values, for each live session its id, its client,
-- the type of that, when it last published, or else was opened, and the attributes of its client and
-- their values; and what each watcher is allowed, as the script of permissions has it.
-- include permissions
-- include watchers
local prefix, now, all = KEYS[1], tonumber(ARGV[1]), {}
for i = 2, #ARGV, 3 do
    local user, is_access, found = ARGV[i], ARGV[i + 1] == '1', {}
    local address, alias = unpack(redis.call('HMGET', prefix .. 'account:' .. user, 'address',
        'alias'))
    if address then
        local sessions = {}
        for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. user)) do
            local client, kind, opened, published, expires, absent = unpack(redis.call('HMGET',
                prefix .. 'session:' .. id, 'client', 'client_type', 'opened', 'published', 'expires',
                'absent'))
            if expires and tonumber(expires) > now and absent ~= '1' then
                sessions[#sessions + 1] = {id, client, kind or '', published or opened,
                    redis.call('HGETALL', prefix .. 'client-presence:' .. id)}
            end
        end
        local watchers = {}
        for names in ARGV[i + 2]:gmatch('[^\n]+') do
            watchers[#watchers + 1] = names
            local watcher = names:match('^%S+')
            if is_access and watcher ~= user then
                remember_watcher(prefix, user, 'PRESENCE_ACCESS', watcher, now)
            end
        end
        found = {address, alias or '', redis.call('HGETALL', prefix .. 'presence:' .. user), sessions,
            permissions_of(prefix, user, watchers)}
    end
    all[#all + 1] = found
end
return all

-- Whoever holds a channel to a session's client learns that there is something to look for.
local function wake(prefix, id)
    redis.call('PUBLISH', prefix .. 'wake:' .. id, '')
end

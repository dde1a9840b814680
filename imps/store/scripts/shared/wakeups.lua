-- Whoever holds a channel to a session's client learns that there is something to look for; or, where it
-- is a phone that is told by text, whoever comes first.
local function wake(prefix, id)
    redis.call('PUBLISH', prefix .. 'wake:' .. id, '')
    local texted, user = unpack(redis.call('HMGET', prefix .. 'session:' .. id, 'texted', 'user'))
    if texted and texted ~= '' then
        -- include phones
        tell_phone(prefix, user)
    end
end

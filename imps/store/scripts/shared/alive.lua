local function is_alive(prefix, id, now)
    return tonumber(redis.call('HGET', prefix .. 'session:' .. id, 'expires') or 0) > now
end

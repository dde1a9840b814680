local function message_key(prefix, user, id)
    return prefix .. 'message:' .. user .. ':' .. id
end

local function remove_message(prefix, user, id)
    local size = redis.call('HGET', message_key(prefix, user, id), 'size') or 0
    redis.call('DEL', message_key(prefix, user, id))
    redis.call('ZREM', prefix .. 'queue:' .. user, id)
    redis.call('HINCRBY', prefix .. 'waiting:' .. user, 'octets', -size)
end

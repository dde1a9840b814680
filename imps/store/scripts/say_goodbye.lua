-- Count that the client of a session which the server ended is told so.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] how often it is told, 0 when it has
-- answered. Returns 1 if it is to be told now; 0 if it knows, or has been told often enough: then
-- that is forgotten.
local key = KEYS[1] .. 'session:' .. ARGV[1]
if redis.call('HEXISTS', key, 'ended') == 0 then
    return 0
end
if redis.call('HINCRBY', key, 'told', 1) <= tonumber(ARGV[2]) then
    return 1
end
redis.call('DEL', key)
return 0

-- A partner asks something, for the first time or again.
-- KEYS[1] what is remembered of it; ARGV[1] now, ARGV[2] until when it is the caller's to serve, ARGV[3]
-- how long it is remembered (seconds).
-- Returns 1 if it is to be served; 0 if somebody does; 2 and the answer if it was.
local known = redis.call('GET', KEYS[1])
if known and known:sub(1, 1) == '=' then
    return {2, known:sub(2)}
elseif known and tonumber(known) > tonumber(ARGV[1]) then
    return {0, ''}
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return {1, ''}

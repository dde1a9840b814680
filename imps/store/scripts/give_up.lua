-- Forget a record, if it is still this one.
-- KEYS[1] where it is; ARGV[1] what it should be. Returns whether it was.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
return redis.call('DEL', KEYS[1])

-- An answer of a partner has come.
-- KEYS[1] where somebody waits for it, KEYS[2] the channel on which that is told; ARGV[1] the answer,
-- ARGV[2] how long it is kept (seconds). Returns 0, having done nothing, if nobody waits.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[2], '')
return 1

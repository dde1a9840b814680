-- What a watcher of a bucket was told of users of other domains.
-- KEYS[1] the bucket's prefix; ARGV[1] the watcher, then the publishers. Returns for each the attributes
-- and their values.
local told = {}
for i = 2, #ARGV do
    told[i - 1] = redis.call('HGETALL', KEYS[1] .. 'told-abroad:' .. ARGV[1] .. ' ' .. ARGV[i])
end
return told

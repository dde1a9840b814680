-- Which users of a bucket there are.
-- KEYS[1] the bucket's prefix; ARGV the users. Returns 1 for each that there is, or else 0.
local found = {}
for i, user in ipairs(ARGV) do
    found[i] = redis.call('EXISTS', KEYS[1] .. 'account:' .. user)
end
return found

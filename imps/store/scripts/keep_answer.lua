-- Keep the answer to a request, in case the same one comes again; the latest few of a session.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] the transaction id, ARGV[3] the
-- operation id, ARGV[4] the answer, ARGV[5] how many are kept, ARGV[6] for how long (seconds).
local transactions = KEYS[1] .. 'transactions:' .. ARGV[1]
local answers = KEYS[1] .. 'answers:' .. ARGV[1]
local asked = redis.call('HGET', transactions, ARGV[2])
if not asked or asked:match('%S+$') ~= ARGV[3] then
    return 0
end
-- Which answers there are stands under the empty name, oldest first, each on a line.
local order = redis.call('HGET', answers, '') or ''
local names = {}
for name in order:gmatch('[^\n]+') do
    if name ~= ARGV[2] then
        names[#names + 1] = name
    end
end
names[#names + 1] = ARGV[2]
while #names > tonumber(ARGV[5]) do
    redis.call('HDEL', answers, table.remove(names, 1))
end
redis.call('HSET', answers, ARGV[2], ARGV[4], '', table.concat(names, '\n'))
redis.call('EXPIRE', answers, math.ceil(ARGV[6]))
return 1

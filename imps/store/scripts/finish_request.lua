-- A request is answered: say whether anything waits for the session by now, and keep the answer, in case
-- the same request comes again; the latest few of a session.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] after how long a thing is
-- sent again (seconds), ARGV[4] how many events may be in flight, ARGV[5] the transaction id, ARGV[6]
-- the operation id, ARGV[7] the answer if nothing waits and ARGV[8] if something does, '' for one that
-- is not kept, ARGV[9] how many are kept, ARGV[10] for how long (seconds).
-- Returns 1 if something waits.
-- include waiting
local prefix, id = KEYS[1], ARGV[1]
-- A script that has begun to write goes on where the store is full.
local key = prefix .. 'session:' .. id
redis.call('HDEL', key, 'answering')
if redis.call('EXISTS', key) == 0 then
    return 0
end
local waits = can_fetch(prefix, id, tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]) and 1 or 0
if waits == 1 then
    -- The answer says so: its client need not be woken, either, until it can have polled.
    redis.call('HSET', key, 'answering', 'told ' .. ARGV[2])
end
local transactions, answers = prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id
local asked = redis.call('HGET', transactions, ARGV[5])
if ARGV[7] == '' or not asked or asked:match('%S+$') ~= ARGV[6] then
    return waits
end
-- Which answers there are stands under the empty name, oldest first, each on a line.
local order = redis.call('HGET', answers, '') or ''
local names = {}
for name in order:gmatch('[^\n]+') do
    if name ~= ARGV[5] then
        names[#names + 1] = name
    end
end
names[#names + 1] = ARGV[5]
while #names > tonumber(ARGV[9]) do
    redis.call('HDEL', answers, table.remove(names, 1))
end
redis.call('HSET', answers, ARGV[5], waits == 1 and ARGV[8] or ARGV[7], '', table.concat(names, '\n'))
redis.call('EXPIRE', answers, math.ceil(ARGV[10]))
return waits

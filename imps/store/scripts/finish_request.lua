-- Requests are answered: say whether anything waits for the session by now, remember that they are done,
-- and keep the answer, in case the same message comes again; the latest few of a session.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] after how long a thing is
-- sent again (seconds), ARGV[4] how many events may be in flight, ARGV[5] the answer if nothing waits and
-- ARGV[6] if something does, '' for one that is not kept, ARGV[7] how many are kept, ARGV[8] for how long
-- (seconds), then for each request its transaction id and operation id. The answer is kept under the
-- first of them. Returns 1 if something waits. The session may be over by now.
-- include waiting
local prefix, id = KEYS[1], ARGV[1]
-- A script that has begun to write goes on where the store is full.
local key = prefix .. 'session:' .. id
redis.call('HDEL', key, 'answering')
local waits = 0
if redis.call('HEXISTS', key, 'record') == 1 and can_fetch(prefix, id, tonumber(ARGV[2]),
    tonumber(ARGV[3]), ARGV[4]) then
    -- The answer says so: its client need not be woken, either, until it can have polled.
    waits = 1
    redis.call('HSET', key, 'answering', 'told ' .. ARGV[2])
end
local transactions, answers = prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id
local is_kept = ARGV[5] ~= ''
for i = 9, #ARGV, 2 do
    local asked = redis.call('HGET', transactions, ARGV[i])
    if asked and asked:match('^%S+ %S+ (%S+)') == ARGV[i + 1] then
        redis.call('HSET', transactions, ARGV[i], asked:match('^%S+ %S+ %S+') .. ' done')
    elseif i == 9 then
        is_kept = false
    end
end
if not is_kept then
    return waits
end
-- Which answers there are stands under the empty name, oldest first, each on a line.
local order = redis.call('HGET', answers, '') or ''
local names = {}
for name in order:gmatch('[^\n]+') do
    if name ~= ARGV[9] then
        names[#names + 1] = name
    end
end
names[#names + 1] = ARGV[9]
while #names > tonumber(ARGV[7]) do
    redis.call('HDEL', answers, table.remove(names, 1))
end
redis.call('HSET', answers, ARGV[9], waits == 1 and ARGV[6] or ARGV[5], '', table.concat(names, '\n'))
redis.call('EXPIRE', answers, math.ceil(ARGV[8]))
return waits

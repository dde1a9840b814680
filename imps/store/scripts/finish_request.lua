-- Requests are answered: say whether anything waits for the session by now, remember that they are done,
-- and keep the answer, in case the same message comes again; the latest few of a session.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] after how long a thing is
-- sent again (seconds), ARGV[4] the answer if nothing waits and ARGV[5] if something does, '' for one that
-- is not kept, ARGV[6] how many are kept, then for each request its transaction id and operation id. The
-- answer is kept under the first of them. Returns 1 if something waits. The session may be over by now.
-- include waiting
-- include operations
local prefix, id = KEYS[1], ARGV[1]
-- A script that has begun to write goes on where the store is full.
local key = prefix .. 'session:' .. id
redis.call('HDEL', key, 'answering')
local waits = 0
if redis.call('HEXISTS', key, 'record') == 1 and can_fetch(prefix, id, tonumber(ARGV[2]),
    tonumber(ARGV[3])) then
    -- The answer says so: its client need not be woken, either, until it can have polled.
    waits = 1
    redis.call('HSET', key, 'answering', 'told ' .. ARGV[2])
end
local transactions, answers = prefix .. 'transactions:' .. id, prefix .. 'answers:' .. id
local is_kept = ARGV[4] ~= ''
for i = 7, #ARGV, 2 do
    local asked = redis.call('HGET', transactions, ARGV[i])
    if asked and asked:match('^%S+ %S+ (%S+)') == ARGV[i + 1] then
        redis.call('HSET', transactions, ARGV[i], asked:match('^%S+ %S+ %S+') .. ' done')
    elseif i == 7 then
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
    if name ~= ARGV[7] then
        names[#names + 1] = name
    end
end
names[#names + 1] = ARGV[7]
while #names > tonumber(ARGV[6]) do
    redis.call('HDEL', answers, table.remove(names, 1))
end
redis.call('HSET', answers, ARGV[7], waits == 1 and ARGV[5] or ARGV[4], '', table.concat(names, '\n'))
redis.call('EXPIRE', answers, OPERATION_SECONDS)
return waits

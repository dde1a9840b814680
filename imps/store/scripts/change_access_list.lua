-- Change a block list or a grant list.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] 'block' or 'grant', ARGV[3] how many entities it
-- may have, ARGV[4] 1 if it is in use from now on, 0 if it is not, '' to leave that, ARGV[5] 1 if the
-- entities that come take the place of all, ARGV[6] how many go, then those, and then those that come:
-- for each its field and its spelling.
-- Returns 1 or 0 for whether entities have come or gone, whether that it is in use has changed, and whether
-- it is; 0 if there is no such user and -1 if it would have too many entities: then nothing was changed.
local prefix, user, list = KEYS[1], ARGV[1], ARGV[2]
local access, key = prefix .. 'access:' .. user, prefix .. list .. '-list:' .. user
if redis.call('EXISTS', prefix .. 'account:' .. user) == 0 then
    return 0
end
local replaces, first = ARGV[5] == '1', 7 + ARGV[6]
local comes, new = {}, 0
for i = first, #ARGV, 2 do
    if not comes[ARGV[i]] then
        comes[ARGV[i]] = true
        new = new + 1 - (replaces and 0 or redis.call('HEXISTS', key, ARGV[i]))
    end
end
if new > 0 and new + (replaces and 0 or redis.call('HLEN', key)) > tonumber(ARGV[3]) then
    return -1
end

local changed = 0
if replaces then
    for _, field in ipairs(redis.call('HKEYS', key)) do
        if not comes[field] then
            changed = changed + redis.call('HDEL', key, field)
        end
    end
end
for i = first, #ARGV, 2 do
    local number = (redis.call('HGET', key, ARGV[i]) or ''):match('^%S+')
    if not number then
        number = redis.call('HINCRBY', access, 'sequence', 1)
        changed = changed + 1
    end
    redis.call('HSET', key, ARGV[i], number .. ' ' .. ARGV[i + 1])
end
for i = 7, first - 1 do
    changed = changed + redis.call('HDEL', key, ARGV[i])
end
local before = redis.call('HGET', access, list) or '0'
local now = ARGV[4] == '' and before or ARGV[4]
redis.call('HSET', access, list, now)
return {changed > 0 and 1 or 0, before ~= now and 1 or 0, tonumber(now)}

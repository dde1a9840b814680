-- Have what waits for a user told by text at a time, or sooner if that is wanted already.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the time, ARGV[3] the record of the work that is
-- being done now and finds that it is too early, '' for none: if more has come since, that is not put off.
-- Returns 1, 0 for that.
-- include phones
local prefix, user, at = KEYS[1], ARGV[1], tonumber(ARGV[2])
local id = 'phone:' .. user
if ARGV[3] == '' then
    local wanted = redis.call('ZSCORE', prefix .. 'overdue', id)
    tell_phone(prefix, user, wanted and math.min(tonumber(wanted), at) or at)
elseif redis.call('HGET', prefix .. 'work', id) == ARGV[3] then
    tell_phone(prefix, user, at)
else
    return 0
end
return 1

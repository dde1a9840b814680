-- Say what somebody may see who asked, or forget what was said.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, ARGV[2] the watcher, ARGV[3] 'granted', 'denied' or
-- 'forgotten', ARGV[4] the attributes, '' for all that were asked for, ARGV[5] until when the work that
-- this causes is left to the caller, ARGV[6] how many watchers may have an answer. What is granted is no
-- longer denied, and the reverse; if some are granted, the others that were asked for are denied.
-- Returns that work, '' for none, and 0, having done nothing, if too many have an answer.
-- include reactive
local prefix, publisher, watcher, said, attributes = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = prefix .. 'reactive:' .. publisher
local record = reactive_record(prefix, publisher, watcher)
if said == 'forgotten' then
    redis.call('HDEL', key, watcher)
elseif record or has_room(prefix, publisher, tonumber(ARGV[6])) then
    record = record or {asked = '', granted = '', denied = '', noticed = ''}
    if attributes == '' then
        attributes = record.asked ~= '' and record.asked or '*'
    end
    record.asked = union(record.asked, attributes)
    local other = said == 'granted' and 'denied' or 'granted'
    record[said] = union(record[said], attributes)
    record[other] = without(record[other], attributes)
    if said == 'granted' then
        record.denied = union(record.denied, unanswered(record))
    end
    redis.call('HSET', key, watcher, cjson.encode(record))
else
    return 0
end
return presence_changed(prefix, publisher, '', ARGV[5])

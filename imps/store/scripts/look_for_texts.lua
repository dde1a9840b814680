-- Look for what is due in a bucket: texts whose validity is over end; of which phones there are texts to
-- be taken, either way, is said.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] how much of each at most, ARGV[3] until when work that
-- this causes is left to the caller.
-- Returns the phones with texts to submit, those with texts that came, the texts whose parts have waited
-- long enough, and the work.
-- include texts
local prefix, now, works = KEYS[1], tonumber(ARGV[1]), {}

local function due(what)
    return redis.call('ZRANGEBYSCORE', prefix .. what, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
end

for _, member in ipairs(due('ending-texts')) do
    local phone, id = member:match('^(%S+) (.*)$')
    redis.call('ZREM', prefix .. 'ending-texts', member)
    local state = redis.call('HGET', text_key(prefix, phone, id), 'state')
    if state and not ENDS[state] then
        local reason = state == 'accepted' and 'not reported in time' or 'not accepted in time'
        end_text(prefix, phone, id, 'expired', ARGV[1], ARGV[3], reason, works)
        look_again(prefix, phone, now)
    end
end
return {due('due-phones'), due('due-inboxes'), due('due-parts'), works}

-- What the gateway reports on a part of a text.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] now, ARGV[3] how the gateway calls the part, ''
-- if it names [4] the text and [5] the part, from 0, ARGV[6] 'accepted', 'delivered' or 'undelivered',
-- ARGV[7] why, ARGV[8] how long a report is kept whose part is not known yet (seconds), ARGV[9] until when
-- work that this causes is left to the caller, ARGV[10] how long a final report is waited for.
-- Returns 1 if the text is known, -1 if it is not, and the work that this causes.
-- include texts
local prefix, phone, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local id, part, works = ARGV[4], ARGV[5], {}
if ARGV[3] ~= '' then
    local found = redis.call('GET', reference_key(prefix, phone, ARGV[3]))
    if not found then
        -- It may be about what is being submitted.
        if redis.call('HEXISTS', phone_key(prefix, phone), 'current') == 1 then
            redis.call('SET', early_key(prefix, phone, ARGV[3]), ARGV[6] .. ' ' .. ARGV[7], 'EX', ARGV[8])
        end
        return {-1, works}
    end
    part, id = found:match('^(%S+) (.*)$')
end
if redis.call('EXISTS', text_key(prefix, phone, id)) == 0 then
    return {-1, works}
end
note_part(prefix, phone, id, part, ARGV[6], ARGV[2], ARGV[9], ARGV[10], ARGV[7], works)
look_again(prefix, phone, now)
return {1, works}

-- What the gateway said of a part of a text that was taken.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] the id of the text, ARGV[3] who has taken it,
-- ARGV[4] now, ARGV[5] 'accepted', 'later', 'failed' or 'unknown', ARGV[6] which part, from 0, ARGV[7] how
-- the gateway calls it in reports, '' if by that, ARGV[8] until when the rest of the text is theirs, or
-- nothing more is sent to the phone, ARGV[9] 1 if this was tried in vain, ARGV[10] why, ARGV[11] until when
-- work that this causes is left to the caller, ARGV[12] how long a final report is waited for.
-- Returns 1 if the rest of the text is to be submitted, and the work that this causes.
-- include texts
local prefix, phone, id, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local text, record, works = text_key(prefix, phone, id), phone_key(prefix, phone), {}
local is_ours = redis.call('HGET', record, 'current') == id and redis.call('HGET', record, 'taker') == ARGV[3]
local what = ARGV[5]

if what == 'accepted' then
    note_part(prefix, phone, id, ARGV[6], what, ARGV[4], ARGV[11], ARGV[12], '', works)
    if ARGV[7] ~= '' and redis.call('EXISTS', text) == 1 then
        local seconds = math.max(1, redis.call('TTL', text))
        redis.call('SET', reference_key(prefix, phone, ARGV[7]), ARGV[6] .. ' ' .. id, 'EX', seconds)
        local early = redis.call('GET', early_key(prefix, phone, ARGV[7]))
        if early then
            local said, reason = early:match('^(%S+) (.*)$')
            note_part(prefix, phone, id, ARGV[6], said, ARGV[4], ARGV[11], ARGV[12], reason, works)
            redis.call('DEL', early_key(prefix, phone, ARGV[7]))
        end
    end
elseif is_ours and what == 'failed' then
    end_text(prefix, phone, id, what, ARGV[4], ARGV[11], ARGV[10], works)
elseif is_ours and what == 'later' then
    redis.call('HSET', text, 'state', 'new')
    redis.call('HINCRBY', text, 'tries', ARGV[9])
    put_down(prefix, phone, id)
    redis.call('HSET', record, 'resume', ARGV[8])
elseif is_ours and what == 'unknown' then
    redis.call('HSET', text, 'state', what)
    redis.call('HSET', record, 'taker', '', 'lease', ARGV[8])
end
-- A report may have told the end of it meanwhile.
local goes_on = is_ours and what == 'accepted' and redis.call('HGET', record, 'current') == id
if goes_on then
    redis.call('HSET', record, 'lease', ARGV[8])
end
look_again(prefix, phone, now)
return {goes_on and 1 or 0, works}

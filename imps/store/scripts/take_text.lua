-- Take the text that is next for a phone, to submit it to the gateway. While somebody has one, nobody
-- else gets any of that phone.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] now, ARGV[3] who asks, ARGV[4] until when the
-- text is theirs, ARGV[5] how often a text may be submitted of which it is not known what became, ARGV[6]
-- until when work that this causes is left to the caller.
-- Returns the work that this causes and, if there is a text, its id, the text, until when it is valid,
-- how many of its parts are accepted, and how often it was tried in vain.
-- include texts
local prefix, phone, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local record, works = phone_key(prefix, phone), {}

local current, lease = unpack(redis.call('HMGET', record, 'current', 'lease'))
if current then
    if tonumber(lease) > now then
        return {works}
    end
    -- Whoever had it has died, or does not know what became of it, and nothing was reported.
    local text = text_key(prefix, phone, current)
    if redis.call('HINCRBY', text, 'doubts', 1) >= tonumber(ARGV[5]) then
        end_text(prefix, phone, current, 'failed', ARGV[2], ARGV[6], 'outcome unknown', works)
    else
        redis.call('HSET', text, 'state', 'new')
        put_down(prefix, phone, current)
    end
end

-- It wants to hear nothing (store/phones).
local is_stopped = redis.call('EXISTS', prefix .. 'stopped:' .. phone) == 1
while true do
    local id, from = next_text(prefix, phone, now)
    if not id or from > now then
        look_again(prefix, phone, now)
        return {works}
    end
    local text = text_key(prefix, phone, id)
    local said, expires, done, tries, despite_stop, recalled = unpack(redis.call('HMGET', text, 'text',
        'expires', 'done', 'tries', 'despite_stop', 'recalled'))
    if not said then
        leave_queue(prefix, phone, id)
    elseif recalled or is_stopped and despite_stop ~= '1' then
        stop_text(prefix, phone, id, ARGV[2], ARGV[6], 'no texts are wanted', works)
    elseif tonumber(expires) <= now then
        end_text(prefix, phone, id, 'expired', ARGV[2], ARGV[6], 'not accepted in time', works)
    else
        redis.call('HSET', text, 'state', 'submitting')
        redis.call('HSET', record, 'current', id, 'taker', ARGV[3], 'lease', ARGV[4])
        look_again(prefix, phone, now)
        return {works, id, said, expires, done or '0', tries or '0'}
    end
end

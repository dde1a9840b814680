-- The phone is no longer its user's: the texts that wait for it are not sent, but for one. What is with
-- the gateway now may still be accepted; if it is not, it ends when it would be taken again.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] now, ARGV[3] the id of the one that stays,
-- ARGV[4] until when work that this causes is left to the caller.
-- Returns that work.
-- include texts
-- Changes nothing, and is refused where the store is full: later writes of a script are not.
redis.call('SETRANGE', KEYS[1], 0, '')
local prefix, phone, works = KEYS[1], ARGV[1], {}
local current = redis.call('HGET', phone_key(prefix, phone), 'current')
for _, lane in ipairs(LANES) do
    for _, id in ipairs(redis.call('ZRANGE', lane_key(prefix, lane, phone), 0, -1)) do
        if id == current then
            redis.call('HSET', text_key(prefix, phone, id), 'recalled', 1)
        elseif id ~= ARGV[3] then
            stop_text(prefix, phone, id, ARGV[2], ARGV[4], 'no longer the phone of its user', works)
        end
    end
end
look_again(prefix, phone, tonumber(ARGV[2]))
return works

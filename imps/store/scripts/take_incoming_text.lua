-- Say that the text of a phone which was taken is done, if one was, and take the first of those that
-- wait. While somebody has one, nobody else gets any of that phone.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, ARGV[2] now, ARGV[3] who asks, ARGV[4] until when the
-- text is theirs, ARGV[5] the id of the text that is done, '' for none.
-- Returns the id and the text, and how often it was tried in vain; false for none.
local prefix, phone, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local waiting, texts = prefix .. 'incoming:' .. phone, prefix .. 'incoming-texts:' .. phone
local inbox = prefix .. 'inbox:' .. phone
local taker, lease = unpack(redis.call('HMGET', inbox, 'taker', 'lease'))
if ARGV[5] ~= '' and redis.call('ZREM', waiting, ARGV[5]) == 1 then
    redis.call('HDEL', texts, ARGV[5])
    redis.call('HDEL', inbox, 'tries')
end
if lease and tonumber(lease) > now and taker ~= ARGV[3] then
    return false
end
local id = redis.call('ZRANGE', waiting, 0, 0)[1]
if not id then
    redis.call('DEL', inbox, texts)
    redis.call('ZREM', prefix .. 'due-inboxes', phone)
    return false
end
redis.call('HSET', inbox, 'taker', ARGV[3], 'lease', ARGV[4])
redis.call('ZADD', prefix .. 'due-inboxes', ARGV[4], phone)
return {id, redis.call('HGET', texts, id), redis.call('HGET', inbox, 'tries') or '0'}

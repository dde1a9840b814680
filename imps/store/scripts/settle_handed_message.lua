-- What became of a message that was handed to a phone's gateway: its sender is told, who wants to know.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the message id, ARGV[3] the code, ARGV[4] when,
-- ARGV[5] until when the work that this causes is left to the caller.
-- Returns the work, and the ending of the message; nothing if that was said before, or to nobody.
-- include work
local prefix, user, id = KEYS[1], ARGV[1], ARGV[2]
local key = prefix .. 'handed:' .. user
local kept = redis.call('HGET', key, id)
if not kept then
    return {}
end
redis.call('HDEL', key, id)
local report, head = unpack(cjson.decode(kept))
local work = cjson.encode({'report', id .. ':' .. user, id, user, ARGV[4], report, tonumber(ARGV[3])})
leave_work(prefix, id .. ':' .. user, work, ARGV[5])
return {work, id, user, ARGV[3], head}

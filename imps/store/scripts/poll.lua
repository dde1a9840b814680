-- Look up a session at a request that asks for nothing but what waits, prolong it, take its
-- acknowledgement, and give it what is to be sent next.
-- KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2] now, ARGV[3] 1 if the client polls, ARGV[4]
-- how many requests a session may make in a second, in the long run, then what the delivery takes. Returns
-- the session's record and what the delivery does; or what prolonging does where there is no session.
-- include prolonging
-- include delivering
local prefix, id, now = KEYS[1], ARGV[1], ARGV[2]
local record, why_not = prolonged(prefix, id, now, ARGV[3] == '1', false, tonumber(ARGV[4]), 1)
if not record then
    return why_not
end
return {record, delivered(prefix, id, now, true, unpack(ARGV, 5))}

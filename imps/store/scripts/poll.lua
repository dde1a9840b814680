-- Look up a session at a request that asks for nothing but what waits, prolong it, take its
-- acknowledgement, and give it what is to be sent next.
-- KEYS[1] the bucket's prefix; ARGV[1] how many of the others are for the look, then what that takes,
-- then what the delivery takes. Returns what the look does, and what the delivery does unless there is
-- no session.
-- include checking
-- include delivering
local first = ARGV[1] + 2
local found = checked(KEYS[1], {unpack(ARGV, 2, first - 1)}, true)
if type(found) ~= 'table' then
    return {found}
end
return {found, delivered(KEYS[1], {unpack(ARGV, first)})}

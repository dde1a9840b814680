-- Look up a session at a request, and prolong it.
-- KEYS[1] the bucket's prefix; ARGV what that takes. Returns what that does.
-- include checking
return checked(KEYS[1], ARGV)

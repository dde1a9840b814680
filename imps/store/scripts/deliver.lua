-- Take a session's acknowledgement, if it has one, and give it what is to be sent next.
-- KEYS[1] the bucket's prefix; ARGV what that takes. Returns what that does.
-- include delivering
return delivered(KEYS[1], ARGV)

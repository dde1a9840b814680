-- Have what waits for a user told by text at a time.
-- KEYS[1] the bucket's prefix; ARGV[1] the user, ARGV[2] the time. Returns 1.
-- include phones
tell_phone(KEYS[1], ARGV[1], ARGV[2])
return 1

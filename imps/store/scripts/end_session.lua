-- End a session whose client signs off. KEYS[1] the bucket's prefix; ARGV[1] the session id, ARGV[2]
-- now, ARGV[3] until when the work that this causes is left to the caller. Returns that work; 0 when
-- there is no such session.
-- include sessions
return end_session(KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]) or 0

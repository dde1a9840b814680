-- A message that is queued for a partner, nothing if it is not.
-- KEYS[1] the bucket's prefix; ARGV[1] the partner, ARGV[2] the transaction id.
-- include partner_queue
return queued(KEYS[1], ARGV[1], ARGV[2])

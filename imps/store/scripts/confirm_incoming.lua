-- The gateway knows that we have what it said.
-- KEYS[1] the bucket's prefix; ARGV[1] the phone, then for each text its digest and the session.
-- include hearings
for i = 2, #ARGV, 2 do
    confirm_hearing(KEYS[1], ARGV[1], ARGV[i], ARGV[i + 1])
end
return 1

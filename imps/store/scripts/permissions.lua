-- What a publisher allows watchers.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, then for each watcher its names, with blanks
-- between. Returns for each the attribute list for the user, those of the contact lists that hold the
-- user, the default, and what was answered, nil for those that there are not; and how often any of that
-- has changed.
-- include permissions
return permissions_of(KEYS[1], ARGV[1], {unpack(ARGV, 2)})

-- What a watcher of a bucket asks for of users of other domains, in all sessions together.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] the watcher, then the publishers. Returns for each
-- the attributes, '' for none.
-- include alive
-- include subscriptions
local prefix, now, asked = KEYS[1], tonumber(ARGV[1]), {}
local sessions = redis.call('HVALS', prefix .. 'sessions:' .. ARGV[2])
for i = 3, #ARGV do
    local attributes = ''
    for _, id in ipairs(sessions) do
        local record = redis.call('HGET', prefix .. 'subscriptions:' .. id, ARGV[i])
        if record and is_alive(prefix, id, now) then
            attributes = union(attributes, attributes_asked(subscription_of(record)))
        end
    end
    asked[#asked + 1] = attributes
end
return asked

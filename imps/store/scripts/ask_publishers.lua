-- Ask publishers of a bucket whether somebody may see attributes of theirs: once, until they answer.
-- KEYS[1] the bucket's prefix; ARGV[1] now, ARGV[2] the watcher, ARGV[3] the attributes, ARGV[4] how many
-- may wait for an answer of a publisher, or have one, then the publishers. Returns 1.
-- include sessions
-- include reactive
local prefix, now, watcher = KEYS[1], tonumber(ARGV[1]), ARGV[2]
for i = 5, #ARGV do
    local publisher = ARGV[i]
    local key = prefix .. 'reactive:' .. publisher
    local record = reactive_record(prefix, publisher, watcher)
    local new = not record or without(ARGV[3], record.asked) ~= ''
    if new and redis.call('EXISTS', prefix .. 'account:' .. publisher) == 1
        and (record or redis.call('HLEN', key) < tonumber(ARGV[4])) then
        record = record or {asked = '', granted = '', denied = ''}
        record.asked = union(record.asked, ARGV[3])
        redis.call('HSET', key, watcher, cjson.encode(record))
        for _, id in ipairs(redis.call('HVALS', prefix .. 'sessions:' .. publisher)) do
            if is_alive(prefix, id, now)
                and redis.call('HGET', prefix .. 'session:' .. id, 'asks') == '1' then
                put_question(prefix, id, watcher, unanswered(record), now)
                wake(prefix, id)
            end
        end
    end
end
return 1

-- Give targets attribute lists of a publisher, in place of those that they have.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, ARGV[2] how many the publisher may have, then for
-- each target its field ('user ADDRESS', 'list ADDRESS' or 'default') and the list.
-- Returns the work that this causes, '' for none, and then 1 for each target, 0 for a contact list that
-- the publisher does not have; the work alone, having done nothing, when there would be too many.
-- include presence
-- include reactive
local prefix, publisher, most = KEYS[1], ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'attribute-lists:' .. publisher
local outcomes, changes, count = {''}, {}, redis.call('HLEN', key)

for i = 3, #ARGV, 2 do
    local field = ARGV[i]
    local list = field:match('^list (.*)$')
    local exists = not list or redis.call('ZSCORE', prefix .. 'contact-lists:' .. publisher, list)
    if exists then
        changes[#changes + 1] = {field, ARGV[i + 1]}
        count = count + 1 - redis.call('HEXISTS', key, field)
    end
    outcomes[#outcomes + 1] = exists and 1 or 0
end
if count > most then
    return {''}
end
-- Of a user who has been deleted meanwhile, nothing is to stay behind.
if redis.call('EXISTS', prefix .. 'account:' .. publisher) == 1 then
    for _, change in ipairs(changes) do
        redis.call('HSET', key, change[1], change[2])
        answer_by_list(prefix, publisher, change[1])
    end
    if #changes > 0 then
        outcomes[1] = presence_changed(prefix, publisher, '', 0)
    end
end
return outcomes

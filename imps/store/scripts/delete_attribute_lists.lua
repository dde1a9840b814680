-- Take attribute lists of a publisher from targets.
-- KEYS[1] the bucket's prefix; ARGV[1] the publisher, then the fields of the targets ('user ADDRESS',
-- 'list ADDRESS' or 'default').
-- Returns the work that this causes, '' for none, and for each target 1 if it had a list, else 0.
-- include presence
-- include reactive
local key = KEYS[1] .. 'attribute-lists:' .. ARGV[1]
local outcomes, deleted = {''}, 0
for i = 2, #ARGV do
    outcomes[i] = redis.call('HDEL', key, ARGV[i])
    if outcomes[i] == 1 then
        answer_by_list(KEYS[1], ARGV[1], ARGV[i])
    end
    deleted = deleted + outcomes[i]
end
if deleted > 0 then
    outcomes[1] = presence_changed(KEYS[1], ARGV[1], '', 0)
end
return outcomes

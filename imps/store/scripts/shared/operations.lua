-- How long an operation keeps its id, and its answer is kept, and how long at most it is carried out
-- (seconds).
local OPERATION_SECONDS, OPERATION_LIMIT_SECONDS = 180, 15

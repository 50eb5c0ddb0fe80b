-- ARGV: holder, failure or nothing, time to live in seconds.
-- The holder's process is gone: its job fails for the reason given or, without one, goes to the next worker.
-- Returns the id of the job, or nothing if it held none.
local id = redis.call('HGET', 'jobs:held', ARGV[1])
if not id then return false end
if ARGV[2] ~= '' then
  finish(id, 'failed', 'failure', ARGV[2], tonumber(ARGV[3]))
else
  redis.call('ZADD', 'jobs:running', 'XX', stamp(now), id)
end
return id

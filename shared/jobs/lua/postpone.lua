-- ARGV: id, token, seconds, whether the attempt counts (1 or 0).
-- Returns 1, or 0 if the job is no longer this worker's. The sweep puts it back into its queue when its time has come.
local id = ARGV[1]
if redis.call('HGET', 'job:' .. id, 'token') ~= ARGV[2] then return 0 end
if ARGV[4] == '0' then redis.call('HINCRBY', 'job:' .. id, 'attempts', -1) end
release(id)
enter(id, 'queued')
redis.call('ZADD', 'jobs:postponed', stamp(now + ARGV[3]), id)
return 1

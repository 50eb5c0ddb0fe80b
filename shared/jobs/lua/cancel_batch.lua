-- ARGV: name, how many at most, time to live in seconds, the failure of a cancelled job.
-- Returns how many waiting jobs were cancelled.
local ids = redis.call('SRANDMEMBER', 'batch:' .. ARGV[1] .. ':queued', ARGV[2])
for _, id in ipairs(ids) do
  redis.call('ZREM', 'jobs:queued:' .. redis.call('HGET', 'job:' .. id, 'queue'), id)
  redis.call('ZREM', 'jobs:postponed', id)
  finish(id, 'cancelled', 'failure', ARGV[4], tonumber(ARGV[3]))
end
return #ids

-- ARGV: name, how many at most, time to live in seconds, the failure of a cancelled job.
-- Returns how many waiting jobs were cancelled.
local ids = redis.call('SRANDMEMBER', 'batch:' .. ARGV[1] .. ':queued', ARGV[2])
for _, id in ipairs(ids) do cancel(id, ARGV[4], tonumber(ARGV[3])) end
return #ids

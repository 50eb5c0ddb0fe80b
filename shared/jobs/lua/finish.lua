-- ARGV: id, token, status, field, value, time to live in seconds.
-- Returns 1, or 0 if another attempt owns the job.
local token, ended_by = unpack(redis.call('HMGET', JOB, 'token', 'ended_by'))
-- The same command again, from a worker that lost the connection before the response. WAIT covers only the writes of its own
-- connection, so this one writes the same value again.
if ended_by == ARGV[2] then
  redis.call('HSET', JOB, 'ended_by', ended_by)
  return 1
end
if token ~= ARGV[2] then return 0 end
finish(ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]))
redis.call('HSET', JOB, 'ended_by', ARGV[2])
return 1

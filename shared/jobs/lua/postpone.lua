-- ARGV: id, token, seconds, whether the attempt counts (1 or 0).
-- Returns 1, or 0 if the job is no longer this worker's. The reaper queues it again when its time has come.
if redis.call('HGET', JOB, 'token') ~= ARGV[2] then return 0 end
if ARGV[4] == '0' then redis.call('HINCRBY', JOB, 'attempts', -1) end
redis.call('HDEL', JOB, 'token')
leave_indexes()
enter('queued')
redis.call('ZADD', POSTPONED, stamp(now + ARGV[3]), ID)
return 1

-- ARGV: id, token, seconds, whether the attempt counts (1 or 0).
-- Returns 1, or 0 if another attempt owns the job. The reaper queues the job again after the delay.
if redis.call('HGET', JOB, 'token') ~= ARGV[2] then return 0 end
if ARGV[4] == '0' then redis.call('HINCRBY', JOB, 'attempts', -1) end
redis.call('HDEL', JOB, 'token')
remove_from_indexes()
set_status('queued')
redis.call('ZADD', POSTPONED, format_time(now + ARGV[3]), ID)
return 1

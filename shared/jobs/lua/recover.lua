-- ARGV: id, limit of attempts, the failure of a job without attempts left, time to live in seconds, the lease and the
-- longest delay in seconds.
-- Queues a job again whose lease has expired or whose next attempt is due.
-- Returns the queue to publish it to; 'ended' if it has failed; 'dropped' if its record is lost; or false.
local function due(index, longest)
  local at = tonumber(redis.call('ZSCORE', index, ID) or nil)
  -- A time that is further in the future was written before the server clock was set back.
  return at and (at <= now or at > now + longest), at and at > now + longest
end

if redis.call('EXISTS', JOB) == 0 then return drop_lost_job() and 'dropped' or false end
local lapsed, ahead = due(RUNNING, ARGV[5])
if ahead then
  redis.call('ZADD', RUNNING, format_time(now + ARGV[5]), ID)
elseif lapsed then
  increment_total('leases_lost')
  if tonumber(redis.call('HGET', JOB, 'attempts')) >= tonumber(ARGV[2]) then
    finish('failed', 'failure', ARGV[3], tonumber(ARGV[4]))
    return 'ended'
  end
  redis.call('HDEL', JOB, 'token')
  remove_from_indexes()
  set_status('queued')
  -- The job has already waited once, so it goes before the backlog. Such jobs are as rare as crashes of processes.
  enqueue_again('interactive')
  return 'interactive'
elseif due(POSTPONED, ARGV[6]) then
  redis.call('ZREM', POSTPONED, ID)
  local queue = redis.call('HGET', JOB, 'queue')
  enqueue_again(queue)
  return queue
end
return false

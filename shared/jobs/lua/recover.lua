-- ARGV: id, limit of attempts, the failure of a job above the limit, time to live in seconds, a lease and the longest
-- pause in seconds.
-- Queues the job again whose lease ran out, or whose next attempt is due.
-- Returns the queue to publish it to; 'ended' if it has failed; 'dropped' if its record is gone; or nothing.
local function due(index, longest)
  local at = tonumber(redis.call('ZSCORE', index, ID) or nil)
  -- No time is further ahead than the longest: then the server's clock was set back.
  return at and (at <= now or at > now + longest), at and at > now + longest
end

if redis.call('EXISTS', JOB) == 0 then return drop() and 'dropped' or false end
local lapsed, ahead = due(RUNNING, ARGV[5])
if ahead then
  redis.call('ZADD', RUNNING, stamp(now + ARGV[5]), ID)
elseif lapsed then
  total('leases_lost')
  if tonumber(redis.call('HGET', JOB, 'attempts')) >= tonumber(ARGV[2]) then
    finish('failed', 'failure', ARGV[3], tonumber(ARGV[4]))
    return 'ended'
  end
  redis.call('HDEL', JOB, 'token')
  leave_indexes()
  enter('queued')
  -- It has had its turn: it does not wait behind a whole backlog again. There are as few as processes that died.
  await_again('interactive')
  return 'interactive'
elseif due(POSTPONED, ARGV[6]) then
  redis.call('ZREM', POSTPONED, ID)
  local queue = redis.call('HGET', JOB, 'queue')
  await_again(queue)
  return queue
end
return false

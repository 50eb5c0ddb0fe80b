-- ARGV: id, time to live in seconds, the failure of a cancelled job, and of which state it must be: 'queued',
-- 'unfinished' or 'any'.
-- Returns 1, or 0 if there is no such job. An unfinished job ends as cancelled, an ended one is forgotten.
local status, result = unpack(redis.call('HMGET', JOB, 'status', 'result'))
if not status then
  leave_indexes()
  redis.call('SREM', BATCH_QUEUED, ID)
  return 0
end
local unfinished = status == 'queued' or status == 'running'
if (ARGV[4] == 'queued' and status ~= 'queued') or (ARGV[4] == 'unfinished' and not unfinished) then return 0 end
if unfinished then
  -- Its message is still to come, and takes room in the broker until then.
  if redis.call('ZSCORE', INTERACTIVE, ID) or redis.call('ZSCORE', BULK, ID) then
    redis.call('ZADD', CANCELLED, stamp(now), ID)
  end
  finish('cancelled', 'failure', ARGV[3], tonumber(ARGV[2]))
else
  if result then expire_blob(result, 0) end
  local body = redis.call('HGET', CALLBACK, 'body')
  if body then expire_blob(body, 0) end
  redis.call('DEL', JOB, CALLBACK)
  redis.call('ZREM', DUE, ID)
  redis.call('ZREM', PUBLISHED, ID)
end
return 1

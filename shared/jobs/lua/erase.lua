-- ARGV: id, time to live in seconds, the failure of a cancelled job, the status that the job must have ('queued',
-- 'unfinished' or 'any'), an id of this command or '', and 'received' if its message is no longer in the broker.
-- Cancels an unfinished job and erases an ended one. Returns 1, or 0 if there is no such job.
local function forget_failure(code)
  local kept = {}
  for _, failed in ipairs(cjson.decode(redis.call('HGET', FAILURES, code) or '[]')) do
    if failed[2] ~= ID then table.insert(kept, failed) end
  end
  if #kept > 0 then redis.call('HSET', FAILURES, code, cjson.encode(kept)) else redis.call('HDEL', FAILURES, code) end
end

local received = ARGV[6] == 'received'
if received then redis.call('ZREM', CANCELLED, ID) end
local status, result, failure, ended_by = unpack(redis.call('HMGET', JOB, 'status', 'result', 'failure', 'ended_by'))
if not status then
  drop_lost_job()
  redis.call('SREM', BATCH_QUEUED, ID)
  return 0
end
local unfinished = status == 'queued' or status == 'running'
-- The same command again, from a client that lost the connection before the response.
if ended_by and ended_by == ARGV[5] then return 1 end
if (ARGV[4] == 'queued' and status ~= 'queued') or (ARGV[4] == 'unfinished' and not unfinished) then return 0 end
if unfinished then
  local published = redis.call('ZSCORE', INTERACTIVE, ID) or redis.call('ZSCORE', BULK, ID)
  -- Its message is still in the broker and counts as open until it is received.
  if published and not received then redis.call('ZADD', CANCELLED, published, ID) end
  finish('cancelled', 'failure', ARGV[3], tonumber(ARGV[2]))
  if ARGV[5] ~= '' then redis.call('HSET', JOB, 'ended_by', ARGV[5]) end
else
  if result then expire_blob(result, 0) end
  if failure then forget_failure(cjson.decode(failure)[1]) end
  local body = redis.call('HGET', WEBHOOK, 'body')
  if body then expire_blob(body, 0) end
  redis.call('DEL', JOB, WEBHOOK)
  redis.call('ZREM', WEBHOOKS_DUE, ID)
  redis.call('ZREM', WEBHOOKS_PUBLISHED, ID)
end
return 1

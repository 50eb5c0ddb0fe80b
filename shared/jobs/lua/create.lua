-- ARGV: id, queue, limit of open jobs, fingerprint of the request or '', time to live of the idempotency key in seconds,
-- job quota of the owner or '', period of the quota in seconds, then the other fields and values of the record.
-- Returns the outcome, the jobs that the owner has created in this period, and the rest of the period in milliseconds.
-- If the job was created, the record follows; if the request was repeated, the id of the first job follows.
local queue, fingerprint = ARGV[2], ARGV[4]
local quota, period = tonumber(ARGV[6]), tonumber(ARGV[7]) * 1000
local used, left = 0, period
if quota then
  used = tonumber(redis.call('GET', QUOTA) or 0)
  left = redis.call('PTTL', QUOTA)
  -- A count with a longer time to live was started before the server clock was set back.
  if left < 0 or left > period then
    left = period
    redis.call('PEXPIRE', QUOTA, period)
  end
end
-- The same command again, from a client that lost the connection before the response. WAIT covers only the writes of its own
-- connection, so this one writes the same value again.
if redis.call('EXISTS', JOB) == 1 then
  redis.call('HSET', JOB, 'id', ID)
  return {'created', used, left, unpack(redis.call('HGETALL', JOB))}
end
if fingerprint ~= '' then
  local seen = redis.call('GET', IDEMPOTENCY)
  if seen then
    local before, first = string.match(seen, '^(%S+) (%S+)$')
    if before ~= fingerprint then return {'conflict', used, left} end
    redis.call('SET', IDEMPOTENCY, seen, 'KEEPTTL') -- the same value, for WAIT, as above
    return {'replayed', used, left, first}
  end
end
if quota and used >= quota then return {'quota_exceeded', used, left} end
local open = 0
for _, index in ipairs({INTERACTIVE, BULK, RUNNING, POSTPONED, CANCELLED}) do
  open = open + redis.call('ZCARD', index)
end
if open >= tonumber(ARGV[3]) then return {'full', used, left} end
if fingerprint ~= '' then redis.call('SET', IDEMPOTENCY, fingerprint .. ' ' .. ID, 'EX', ARGV[5]) end
redis.call('HSET', JOB, 'id', ID, 'queue', queue, 'status', 'queued', 'created_at', format_time(now), 'attempts', 0,
  unpack(ARGV, 6))
enqueue(queue)
if quota then
  used = redis.call('INCR', QUOTA)
  if used == 1 then redis.call('PEXPIRE', QUOTA, period) end
end
if redis.call('HEXISTS', JOB, 'batch') == 1 then
  redis.call('HSETNX', BATCH, 'created_at', format_time(now))
  redis.call('HINCRBY', BATCH, 'queued', 1)
  redis.call('SADD', BATCH_QUEUED, ID)
  redis.call('PERSIST', BATCH)
  redis.call('PERSIST', BATCH_ENDED)
end
return {'created', used, left, unpack(redis.call('HGETALL', JOB))}

-- ARGV: id, queue, how many jobs may be open, fingerprint of the request or nothing, seconds that an idempotency key
-- counts, how many jobs the owner may create or nothing, in how many seconds, then the record's other fields and values.
-- Returns the outcome; how many jobs the owner has created, and in how many milliseconds that begins again; and, unless
-- nothing was accepted, the record; of a repeated request, only the first job's id.
local queue, fingerprint = ARGV[2], ARGV[4]
local quota, period = tonumber(ARGV[6]), tonumber(ARGV[7]) * 1000
local used, left = 0, period
if quota then
  used = tonumber(redis.call('GET', QUOTA) or 0)
  left = redis.call('PTTL', QUOTA)
  -- A count that lives longer was begun before the server's clock was set back.
  if left < 0 or left > period then
    left = period
    redis.call('PEXPIRE', QUOTA, period)
  end
end
-- The same command again, by a client that lost the connection before the answer.
if redis.call('EXISTS', JOB) == 1 then return {'created', used, left, unpack(redis.call('HGETALL', JOB))} end
if fingerprint ~= '' then
  local seen = redis.call('GET', IDEMPOTENCY)
  if seen then
    local before, first = string.match(seen, '^(%S+) (%S+)$')
    if before ~= fingerprint then return {'conflict', used, left} end
    return {'replayed', used, left, first}
  end
end
if quota and used >= quota then return {'spent', used, left} end
local open = 0
for _, index in ipairs({INTERACTIVE, BULK, RUNNING, POSTPONED, CANCELLED}) do
  open = open + redis.call('ZCARD', index)
end
if open >= tonumber(ARGV[3]) then return {'full', used, left} end
if fingerprint ~= '' then redis.call('SET', IDEMPOTENCY, fingerprint .. ' ' .. ID, 'EX', ARGV[5]) end
redis.call('HSET', JOB, 'id', ID, 'queue', queue, 'status', 'queued', 'created_at', stamp(now), 'attempts', 0,
  unpack(ARGV, 6))
await(queue)
if quota then
  used = redis.call('INCR', QUOTA)
  if used == 1 then redis.call('PEXPIRE', QUOTA, period) end
end
if redis.call('HEXISTS', JOB, 'batch') == 1 then
  redis.call('HSETNX', BATCH, 'created_at', stamp(now))
  redis.call('HINCRBY', BATCH, 'queued', 1)
  redis.call('SADD', BATCH_QUEUED, ID)
  redis.call('PERSIST', BATCH)
  redis.call('PERSIST', BATCH_ENDED)
end
return {'created', used, left, unpack(redis.call('HGETALL', JOB))}

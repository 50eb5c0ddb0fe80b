-- ARGV: id, queue, how many jobs may be open, fingerprint of the request or nothing, seconds that an idempotency key
-- counts, then the record's other fields and values.
-- Returns the outcome and, unless nothing was accepted, the record; of a repeated request, only the first job's id.
local queue, fingerprint = ARGV[2], ARGV[4]
-- The same command again, by a client that lost the connection before the answer.
if redis.call('EXISTS', JOB) == 1 then return {'created', unpack(redis.call('HGETALL', JOB))} end
if fingerprint ~= '' then
  local seen = redis.call('GET', IDEMPOTENCY)
  if seen then
    local before, first = string.match(seen, '^(%S+) (%S+)$')
    if before ~= fingerprint then return {'conflict'} end
    return {'replayed', first}
  end
end
local open = 0
for _, index in ipairs({INTERACTIVE, BULK, RUNNING, POSTPONED, CANCELLED}) do
  open = open + redis.call('ZCARD', index)
end
if open >= tonumber(ARGV[3]) then return {'full'} end
if fingerprint ~= '' then redis.call('SET', IDEMPOTENCY, fingerprint .. ' ' .. ID, 'EX', ARGV[5]) end
redis.call('HSET', JOB, 'id', ID, 'queue', queue, 'status', 'queued', 'created_at', stamp(now), 'attempts', 0,
  unpack(ARGV, 6))
await(queue)
if redis.call('HEXISTS', JOB, 'batch') == 1 then
  redis.call('HSETNX', BATCH, 'created_at', stamp(now))
  redis.call('HINCRBY', BATCH, 'queued', 1)
  redis.call('SADD', BATCH_QUEUED, ID)
  redis.call('PERSIST', BATCH)
  redis.call('PERSIST', BATCH_ENDED)
end
return {'created', unpack(redis.call('HGETALL', JOB))}

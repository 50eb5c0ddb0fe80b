-- ARGV: id, queue, how many jobs may be open, idempotency key or nothing, fingerprint of the request, seconds that the
-- key counts, then the record's other fields and values.
-- Returns how it went, whether a worker must be woken (1 or 0) and, unless nothing was accepted, the record.
local id, queue, key = ARGV[1], ARGV[2], ARGV[4]
local job = 'job:' .. id
-- The same command again, by a client that lost the connection before the answer.
if redis.call('EXISTS', job) == 1 then return {'created', 1, unpack(redis.call('HGETALL', job))} end
if key ~= '' then
  local seen = redis.call('GET', 'idempotency:' .. key)
  if seen then
    local fingerprint, first = string.match(seen, '^(%S+) (%S+)$')
    if fingerprint ~= ARGV[5] then return {'conflict', 0} end
    local record = redis.call('HGETALL', 'job:' .. first)
    if #record == 0 then return {'gone', 0} end
    return {'replayed', 0, unpack(record)}
  end
end
local waiting = redis.call('ZCARD', 'jobs:queued:interactive') + redis.call('ZCARD', 'jobs:queued:bulk')
local open = waiting + redis.call('ZCARD', 'jobs:running') + redis.call('ZCARD', 'jobs:postponed')
if open >= tonumber(ARGV[3]) then return {'full', 0} end
if key ~= '' then redis.call('SET', 'idempotency:' .. key, ARGV[5] .. ' ' .. id, 'EX', ARGV[6]) end
redis.call('HSET', job, 'id', id, 'queue', queue, 'status', 'queued', 'created_at', stamp(now), 'attempts', 0,
  unpack(ARGV, 7))
redis.call('ZADD', 'jobs:queued:' .. queue, stamp(now), id)
local batch = redis.call('HGET', job, 'batch')
if batch then
  local name = 'batch:' .. batch
  redis.call('HSETNX', name, 'created_at', stamp(now))
  redis.call('HINCRBY', name, 'queued', 1)
  redis.call('SADD', name .. ':queued', id)
  redis.call('PERSIST', name)
  redis.call('PERSIST', name .. ':ended')
end
-- Any message wakes a worker for any job. Those of jobs that were cancelled are left over; without this, a client that
-- submits and cancels while no worker runs would fill the broker.
local messages = redis.call('LLEN', 'interactive') + redis.call('LLEN', 'bulk')
return {'created', messages > waiting and 0 or 1, unpack(redis.call('HGETALL', job))}

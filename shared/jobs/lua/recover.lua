-- ARGV: limit of attempts, time to live in seconds, the failure of a job above the limit, the longest lease and the longest
-- pause in seconds, how many at most.
-- Returns the ids of the jobs that were put back, whose lease ran out or whose time has come.
local back = {}

local function due(key, from, to)
  return redis.call('ZRANGEBYSCORE', key, from, to, 'LIMIT', 0, ARGV[6])
end

local function requeue(id)
  local queue, created = unpack(redis.call('HMGET', 'job:' .. id, 'queue', 'created_at'))
  redis.call('ZADD', 'jobs:queued:' .. queue, created, id)
  table.insert(back, id)
end

-- No lease and no pause is so long: these times were written before the server's clock was set back.
local beyond_lease, beyond_pause = '(' .. stamp(now + ARGV[4]), '(' .. stamp(now + ARGV[5])
for _, id in ipairs(due('jobs:running', beyond_lease, '+inf')) do
  redis.call('ZADD', 'jobs:running', stamp(now + ARGV[4]), id)
end

total('sweeps')
for _, id in ipairs(due('jobs:running', '-inf', stamp(now))) do
  total('leases_lost')
  if tonumber(redis.call('HGET', 'job:' .. id, 'attempts')) >= tonumber(ARGV[1]) then
    finish(id, 'failed', 'failure', ARGV[3], tonumber(ARGV[2]))
  else
    release(id)
    enter(id, 'queued')
    requeue(id)
  end
end

for _, range in ipairs({{'-inf', stamp(now)}, {beyond_pause, '+inf'}}) do
  for _, id in ipairs(due('jobs:postponed', range[1], range[2])) do
    redis.call('ZREM', 'jobs:postponed', id)
    requeue(id)
  end
end
return back

-- ARGV: token, lease in seconds, how many interactive jobs may pass while bulk jobs wait.
-- Takes the job whose turn it is. Returns its record, or nothing if none waits.
local token = ARGV[1]
-- The same command again, by a worker that lost the connection before the answer.
local held = redis.call('HGET', 'jobs:held', holder_of(token))
if held and redis.call('HGET', 'job:' .. held, 'token') == token then return redis.call('HGETALL', 'job:' .. held) end

local function first(queue)
  return redis.call('ZRANGE', 'jobs:queued:' .. queue, 0, 0)[1]
end

-- Who waits in a browser comes first. But where somebody always does, bulk gets its share.
local interactive, bulk = first('interactive'), first('bulk')
local id = interactive or bulk
if interactive and bulk then
  if redis.call('INCR', 'jobs:passed') > tonumber(ARGV[3]) then id = bulk end
end
if not id then return {} end
if id == bulk then redis.call('DEL', 'jobs:passed') end

local job = 'job:' .. id
redis.call('ZREM', 'jobs:queued:' .. redis.call('HGET', job, 'queue'), id)
redis.call('ZADD', 'jobs:running', stamp(now + ARGV[2]), id)
redis.call('HSET', 'jobs:held', holder_of(token), id)
redis.call('HINCRBY', job, 'attempts', 1)
redis.call('HSET', job, 'started_at', stamp(now), 'token', token)
enter(id, 'running')
count('started', 1)
total('attempts:' .. redis.call('HGET', job, 'kind'))
count('waited', string.format('%.6f', math.max(0, now - redis.call('HGET', job, 'created_at'))))
return redis.call('HGETALL', job)

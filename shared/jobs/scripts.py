"""The state machine: each transition one Lua script, so that it happens wholly, once, or not at all.

States are ``queued -> running -> succeeded | failed``, ``running -> queued`` when a lease runs out, and ``cancelled``
from either of the first two. A script that finds a job in another state than the one it leaves changes nothing and says
so. Time is the server's, so that no machine's clock matters.

Keys: ``job:ID`` the record; ``jobs:queued:QUEUE`` waiting ids by the time they were accepted; ``jobs:running`` running
ids by the time their lease runs out; ``blobs:expiring`` paths in the object store by the time they are to be removed;
``rate:N`` what happened in the N-th ten seconds, a hash of ``started``, ``waited`` (seconds, summed) and ``ended``.
"""

JOB = "job:"
QUEUED = "jobs:queued:"
RUNNING = "jobs:running"
EXPIRING = "blobs:expiring"

ENDED = "jobs:ended"
"""Channel on which the id of every job that ends is published."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local stamp = string.format('%.6f', now)
"""

RATE = "rate:"
BUCKET = 10
"""Seconds in one bucket of the rates, as in the scripts; they are kept for two minutes."""

_COUNT = """
local function count(field, by)
  local bucket = 'rate:' .. math.floor(now / 10)
  redis.call('HINCRBYFLOAT', bucket, field, by)
  redis.call('EXPIRE', bucket, 120)
end
"""

# Ends a job: status, reason or result, its documents marked for removal now and its result for after the time to live.
_END = (
    _COUNT
    + """
local function finish(id, status, field, value, ttl, result_path)
  local job = 'job:' .. id
  local inputs = redis.call('HGET', job, 'inputs')
  if inputs then
    for _, ref in pairs(cjson.decode(inputs)) do
      redis.call('ZADD', 'blobs:expiring', stamp, string.match(ref, '^[^ ]+'))
    end
  end
  redis.call('HDEL', job, 'inputs', 'token')
  redis.call('HSET', job, 'status', status, 'finished_at', stamp, field, value)
  redis.call('EXPIRE', job, ttl)
  redis.call('ZREM', 'jobs:running', id)
  if result_path ~= '' then
    redis.call('ZADD', 'blobs:expiring', string.format('%.6f', now + ttl), result_path)
  end
  redis.call('PUBLISH', 'jobs:ended', id)
  count('ended', 1)
end
"""
)

CREATE = (
    _NOW
    + """
-- ARGV: id, queue, how many jobs may be open, then the record's other fields and values
-- Returns the record, or nothing if so many jobs are open already.
local id, queue = ARGV[1], ARGV[2]
local open = redis.call('ZCARD', 'jobs:queued:interactive') + redis.call('ZCARD', 'jobs:queued:bulk')
  + redis.call('ZCARD', 'jobs:running')
if open >= tonumber(ARGV[3]) then return {} end
redis.call('HSET', 'job:' .. id, 'id', id, 'queue', queue, 'status', 'queued', 'created_at', stamp, 'attempts', 0,
  unpack(ARGV, 4))
redis.call('ZADD', 'jobs:queued:' .. queue, stamp, id)
return redis.call('HGETALL', 'job:' .. id)
"""
)

CLAIM = (
    _NOW
    + _COUNT
    + """
-- ARGV: id, token, lease in seconds. Returns the record, or nothing if the job does not wait.
local id = ARGV[1]
local job = 'job:' .. id
if redis.call('HGET', job, 'status') ~= 'queued' then return {} end
redis.call('HINCRBY', job, 'attempts', 1)
redis.call('HSET', job, 'status', 'running', 'started_at', stamp, 'token', ARGV[2])
redis.call('ZREM', 'jobs:queued:' .. redis.call('HGET', job, 'queue'), id)
redis.call('ZADD', 'jobs:running', string.format('%.6f', now + ARGV[3]), id)
count('started', 1)
count('waited', string.format('%.6f', now - redis.call('HGET', job, 'created_at')))
return redis.call('HGETALL', job)
"""
)

RENEW = (
    _NOW
    + """
-- ARGV: id, token, lease in seconds. Returns 1, or 0 if the job is no longer this worker's.
local id = ARGV[1]
if redis.call('HGET', 'job:' .. id, 'token') ~= ARGV[2] then return 0 end
redis.call('ZADD', 'jobs:running', 'XX', string.format('%.6f', now + ARGV[3]), id)
return 1
"""
)

FINISH = (
    _NOW
    + _END
    + """
-- ARGV: id, token, status, field, value, time to live in seconds, path of the result or nothing
-- Returns 1, or 0 if the job is no longer this worker's.
local id = ARGV[1]
if redis.call('HGET', 'job:' .. id, 'token') ~= ARGV[2] then return 0 end
finish(id, ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7])
return 1
"""
)

ERASE = (
    _NOW
    + _END
    + """
-- ARGV: id, time to live in seconds, the failure of a cancelled job
-- Returns 1, or 0 if there is no such job. An unfinished job ends as cancelled, an ended one is forgotten.
local id = ARGV[1]
local job = 'job:' .. id
local status = redis.call('HGET', job, 'status')
if not status then return 0 end
if status == 'queued' or status == 'running' then
  redis.call('ZREM', 'jobs:queued:' .. redis.call('HGET', job, 'queue'), id)
  finish(id, 'cancelled', 'failure', ARGV[3], tonumber(ARGV[2]), '')
else
  local result = redis.call('HGET', job, 'result')
  if result then redis.call('ZADD', 'blobs:expiring', stamp, string.match(result, '^[^ ]+')) end
  redis.call('DEL', job)
end
return 1
"""
)

RECOVER = (
    _NOW
    + _END
    + """
-- ARGV: limit of attempts, time to live in seconds, the failure of a job above the limit, how many at most
-- Returns id and queue of each job put back, in turn.
local back = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'jobs:running', '-inf', stamp, 'LIMIT', 0, ARGV[4])) do
  local job = 'job:' .. id
  if redis.call('HGET', job, 'status') ~= 'running' then
    redis.call('ZREM', 'jobs:running', id)
  elseif tonumber(redis.call('HGET', job, 'attempts')) >= tonumber(ARGV[1]) then
    finish(id, 'failed', 'failure', ARGV[3], tonumber(ARGV[2]), '')
  else
    local queue = redis.call('HGET', job, 'queue')
    redis.call('ZREM', 'jobs:running', id)
    redis.call('HDEL', job, 'token')
    redis.call('HSET', job, 'status', 'queued')
    redis.call('ZADD', 'jobs:queued:' .. queue, redis.call('HGET', job, 'created_at'), id)
    table.insert(back, id)
    table.insert(back, queue)
  end
end
return back
"""
)

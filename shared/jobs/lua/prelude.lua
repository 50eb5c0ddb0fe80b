-- Set before every other script of this folder. Time is the server's, so that no client's clock matters.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

local function stamp(seconds)
  return string.format('%.6f', seconds)
end

-- Adds to what happened in these ten seconds; kept for an hour.
local function count(field, by)
  local bucket = 'rate:' .. math.floor(now / 10)
  redis.call('HINCRBYFLOAT', bucket, field, by)
  redis.call('EXPIRE', bucket, 3720)
end

-- Adds one to what has happened since ever: for the figures that outlive every process.
local function total(field, by)
  redis.call('HINCRBY', 'totals', field, by or 1)
end

-- Moves a job to another state: in its record, in its batch's tally, and for whoever listens.
local function enter(id, status)
  local job = 'job:' .. id
  local before, batch = unpack(redis.call('HMGET', job, 'status', 'batch'))
  redis.call('HSET', job, 'status', status)
  if batch then
    redis.call('HINCRBY', 'batch:' .. batch, before, -1)
    redis.call('HINCRBY', 'batch:' .. batch, status, 1)
    redis.call(status == 'queued' and 'SADD' or 'SREM', 'batch:' .. batch .. ':queued', id)
  end
  local unfinished = status == 'queued' or status == 'running'
  redis.call('PUBLISH', unfinished and 'jobs:moved' or 'jobs:ended', id)
end

-- A token begins with its holder's name and a dot.
local function holder_of(token)
  return string.match(token, '^[^.]+')
end

-- Takes a running job from whoever holds it.
local function release(id)
  local token = redis.call('HGET', 'job:' .. id, 'token')
  -- A message that came twice may hold another job by now.
  if token and redis.call('HGET', 'jobs:held', holder_of(token)) == id then
    redis.call('HDEL', 'jobs:held', holder_of(token))
  end
  redis.call('HDEL', 'job:' .. id, 'token')
  redis.call('ZREM', 'jobs:running', id)
end

-- Removes a blob's bytes soon, or so many seconds from now. A reference is a path and, after a blank, a key.
local function expire_blob(reference, seconds)
  redis.call('ZADD', 'blobs:expiring', stamp(now + seconds), string.match(reference, '^[^ ]+'))
end

-- Lists an ended job in its batch, in the order of ending, and keeps the batch as long as any of its results.
local function list_in_batch(id, batch, ttl)
  local key = 'batch:' .. batch
  local ended = key .. ':ended'
  redis.call('ZADD', ended, redis.call('HINCRBY', key, 'sequence', 1), id)
  for _, oldest in ipairs(redis.call('ZRANGE', ended, 0, 1)) do
    if redis.call('EXISTS', 'job:' .. oldest) == 0 then redis.call('ZREM', ended, oldest) end
  end
  local queued, running = unpack(redis.call('HMGET', key, 'queued', 'running'))
  if tonumber(queued or 0) + tonumber(running or 0) == 0 then
    redis.call('EXPIRE', key, ttl)
    redis.call('EXPIRE', ended, ttl)
  end
end

-- Ends a job: its documents go now, its record and its result after the time to live.
local function finish(id, status, field, value, ttl)
  local job = 'job:' .. id
  local inputs, batch, callback, kind, request =
    unpack(redis.call('HMGET', job, 'inputs', 'batch', 'callback', 'kind', 'request_id'))
  for _, reference in pairs(cjson.decode(inputs or '{}')) do expire_blob(reference, 0) end
  if field == 'result' then expire_blob(value, ttl) end
  release(id)
  redis.call('HDEL', job, 'inputs')
  redis.call('HSET', job, 'finished_at', stamp(now), field, value)
  enter(id, status)
  redis.call('EXPIRE', job, ttl)
  if batch then list_in_batch(id, batch, ttl) end
  if callback then
    -- What is left to say if the record is gone before the receiver can be reached.
    redis.call('HSET', 'callback:' .. id, 'target', callback, 'kind', kind, 'status', status, 'ended_at', stamp(now))
    if request then redis.call('HSET', 'callback:' .. id, 'request_id', request) end
    redis.call('EXPIRE', 'callback:' .. id, 90000) -- longer than it is tried
    redis.call('ZADD', 'callbacks:due', stamp(now), id)
  end
  count('ended', 1)
  if status == 'failed' then count('failed', 1) end
  total('ended:' .. kind .. ':' .. (field == 'failure' and cjson.decode(value)[1] or status))
end

-- Ends an unfinished job as cancelled, wherever it is.
local function cancel(id, failure, ttl)
  redis.call('ZREM', 'jobs:queued:' .. redis.call('HGET', 'job:' .. id, 'queue'), id)
  redis.call('ZREM', 'jobs:postponed', id)
  finish(id, 'cancelled', 'failure', failure, ttl)
end

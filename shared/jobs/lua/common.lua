-- Set before every other script of this folder. Each script changes one job, ARGV[1], and its batch.
-- Time is the server's, so that no client's clock matters.
local JOB, INTERACTIVE, BULK, STARTED, RUNNING, POSTPONED, CANCELLED, EXPIRING, TOTALS, RATES, CALLBACK, DUE, PUBLISHED,
  AUDIT, BATCH, BATCH_QUEUED, BATCH_ENDED, MOVED_CHANNEL, ENDED_CHANNEL, IDEMPOTENCY, QUOTA = unpack(KEYS)
local ID = ARGV[1]
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

local function stamp(seconds)
  return string.format('%.6f', seconds)
end

-- Adds to what happened in this period of ten seconds.
local function count(field, by)
  redis.call('HINCRBYFLOAT', RATES, math.floor(now / 10) .. ':' .. field, by)
end

-- Adds one to what has happened since the start: for metrics that survive every process.
local function total(field)
  redis.call('HINCRBY', TOTALS, field, 1)
end

-- Moves the job to another state: in its record, in its batch's counts, and for those who wait for it.
local function enter(status)
  local before, batch = unpack(redis.call('HMGET', JOB, 'status', 'batch'))
  redis.call('HSET', JOB, 'status', status)
  if batch then
    redis.call('HINCRBY', BATCH, before, -1)
    redis.call('HINCRBY', BATCH, status, 1)
    redis.call(status == 'queued' and 'SADD' or 'SREM', BATCH_QUEUED, ID)
  end
  local unfinished = status == 'queued' or status == 'running'
  redis.call('PUBLISH', unfinished and MOVED_CHANNEL or ENDED_CHANNEL, ID)
end

-- Puts the job among those that wait for a message of this queue, which the caller publishes next.
local function await(queue)
  redis.call('ZADD', queue == 'interactive' and INTERACTIVE or BULK, stamp(now), ID)
end

-- The same for a job that had a message before. That may still come, long before the place of the new one; so it is noted
-- that the start of this job says nothing of others that were published before.
local function await_again(queue)
  redis.call('HSET', JOB, 'published_again', 1)
  await(queue)
end

-- Takes the job out of every index; returns from how many.
local function leave_indexes()
  local left = 0
  for _, index in ipairs({INTERACTIVE, BULK, RUNNING, POSTPONED}) do left = left + redis.call('ZREM', index, ID) end
  return left
end

-- Notes how the job ended, for the audit log: a worker writes it there. So no end is missed, whichever process died.
-- A result can be read for so many seconds more.
local function note_end(outcome, seconds)
  local kind, owner, request, batch = unpack(redis.call('HMGET', JOB, 'kind', 'owner', 'request_id', 'batch'))
  redis.call('ZADD', AUDIT, stamp(now), cjson.encode({
    job_id = ID, outcome = outcome, at = stamp(now), kind = kind or nil, caller = owner or nil,
    request_id = request or nil, batch = batch or nil, readable_until = seconds and stamp(now + seconds) or nil,
  }))
end

-- Takes a job out of every index whose record is gone; returns whether it was in one.
local function drop()
  if leave_indexes() == 0 then return false end
  note_end('record_lost')
  return true
end

-- Removes a blob's bytes in so many seconds. A reference is a path and, after a blank, a key.
local function expire_blob(reference, seconds)
  redis.call('ZADD', EXPIRING, stamp(now + seconds), string.match(reference, '^[^ ]+'))
end

-- Lists the ended job in its batch, in the order of ending, and keeps the batch as long as any of its results.
-- A member is the time at which the record expires, and the id: so the list is shortened without a look at other records.
local function list_in_batch(ttl)
  redis.call('ZADD', BATCH_ENDED, redis.call('HINCRBY', BATCH, 'sequence', 1), stamp(now + ttl) .. '/' .. ID)
  for _, oldest in ipairs(redis.call('ZRANGE', BATCH_ENDED, 0, 1)) do
    if tonumber(string.match(oldest, '^[^/]+')) < now then redis.call('ZREM', BATCH_ENDED, oldest) end
  end
  local queued, running = unpack(redis.call('HMGET', BATCH, 'queued', 'running'))
  if tonumber(queued or 0) + tonumber(running or 0) == 0 then
    redis.call('EXPIRE', BATCH, ttl)
    redis.call('EXPIRE', BATCH_ENDED, ttl)
  end
end

-- Ends the job: its documents are removed now, its record and its result after the time to live.
local function finish(status, field, value, ttl)
  local inputs, batch, callback, kind, request =
    unpack(redis.call('HMGET', JOB, 'inputs', 'batch', 'callback', 'kind', 'request_id'))
  for _, reference in pairs(cjson.decode(inputs or '{}')) do expire_blob(reference, 0) end
  if field == 'result' then expire_blob(value, ttl) end
  leave_indexes()
  redis.call('HDEL', JOB, 'inputs', 'token')
  redis.call('HSET', JOB, 'finished_at', stamp(now), field, value)
  enter(status)
  redis.call('EXPIRE', JOB, ttl)
  if batch then list_in_batch(ttl) end
  if callback then
    -- What is left to say if the record is gone before the receiver can be reached.
    redis.call('HSET', CALLBACK, 'target', callback, 'kind', kind, 'status', status, 'ended_at', stamp(now))
    if request then redis.call('HSET', CALLBACK, 'request_id', request) end
    redis.call('EXPIRE', CALLBACK, 90000) -- longer than it is retried
    redis.call('ZADD', DUE, stamp(now), ID)
  end
  count('ended', 1)
  if status == 'failed' then count('failed', 1) end
  local outcome = field == 'failure' and cjson.decode(value)[1] or status
  total('ended:' .. kind .. ':' .. outcome)
  note_end(outcome, field == 'result' and ttl)
end

-- Whether this attempt is the one that may end the job: a token begins with the name of the process that holds the job.
local function held_by(holder)
  local token = redis.call('HGET', JOB, 'token')
  return token and string.sub(token, 1, #holder + 1) == holder .. '.'
end

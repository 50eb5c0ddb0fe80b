-- Precedes every other script of this folder. Each script changes one job, ARGV[1], and its batch.
-- All times are those of the Redis server, so the clocks of clients do not matter.
local JOB, INTERACTIVE, BULK, STARTED, RUNNING, POSTPONED, CANCELLED, EXPIRING, TOTALS, RATES, FAILURES, WEBHOOK,
  WEBHOOKS_DUE, WEBHOOKS_PUBLISHED, AUDIT, BATCH, BATCH_QUEUED, BATCH_ENDED, MOVED_CHANNEL, ENDED_CHANNEL, IDEMPOTENCY, QUOTA =
  unpack(KEYS)
local ID = ARGV[1]
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

local function format_time(seconds)
  return string.format('%.6f', seconds)
end

-- Increments a count of the current time slice of ten seconds.
local function add_to_rate(field, by)
  redis.call('HINCRBYFLOAT', RATES, math.floor(now / 10) .. ':' .. field, by)
end

-- Increments a count since the start of the system, for metrics that survive process restarts.
local function increment_total(field)
  redis.call('HINCRBY', TOTALS, field, 1)
end

-- Changes the status of the job in its record and in the counts of its batch, and notifies subscribers.
local function set_status(status)
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

-- Adds the job to the index of a queue. The caller publishes its message next.
local function enqueue(queue)
  redis.call('ZADD', queue == 'interactive' and INTERACTIVE or BULK, format_time(now), ID)
end

-- Does the same for a job that had a message before. That message may still arrive, long before the new one. So the record
-- marks that the start of this job does not mean that messages published before it were received.
local function enqueue_again(queue)
  redis.call('HSET', JOB, 'published_again', 1)
  enqueue(queue)
end

-- Removes the job from all indexes; returns the number of indexes that contained it.
local function remove_from_indexes()
  local removed = 0
  for _, index in ipairs({INTERACTIVE, BULK, RUNNING, POSTPONED}) do
    removed = removed + redis.call('ZREM', index, ID)
  end
  return removed
end

-- Adds the end of the job to the outbox of the audit log. A worker writes it to the log, even if the process that ended the
-- job dies. `seconds` is the time for which the result can be read.
local function add_to_audit_outbox(outcome, seconds)
  local kind, owner, request, batch = unpack(redis.call('HMGET', JOB, 'kind', 'owner', 'request_id', 'batch'))
  redis.call('ZADD', AUDIT, format_time(now), cjson.encode({
    job_id = ID, outcome = outcome, at = format_time(now), kind = kind or nil, caller = owner or nil,
    request_id = request or nil, batch = batch or nil, readable_until = seconds and format_time(now + seconds) or nil,
  }))
end

-- Removes a job whose record is lost from all indexes; returns whether it was in one.
local function drop_lost_job()
  if remove_from_indexes() == 0 then return false end
  add_to_audit_outbox('record_lost')
  return true
end

-- Schedules the removal of a blob. A reference is a path, a space and a key.
local function expire_blob(reference, seconds)
  redis.call('ZADD', EXPIRING, format_time(now + seconds), string.match(reference, '^[^ ]+'))
end

-- Adds the ended job to the list of its batch, and keeps the batch as long as any of its results. A member of the list is
-- the expiry time of the record and the id, so that expired members can be found without reading other records.
local function list_in_batch(ttl)
  redis.call('ZADD', BATCH_ENDED, redis.call('HINCRBY', BATCH, 'sequence', 1), format_time(now + ttl) .. '/' .. ID)
  for _, oldest in ipairs(redis.call('ZRANGE', BATCH_ENDED, 0, 1)) do
    if tonumber(string.match(oldest, '^[^/]+')) < now then redis.call('ZREM', BATCH_ENDED, oldest) end
  end
  local queued, running = unpack(redis.call('HMGET', BATCH, 'queued', 'running'))
  if tonumber(queued or 0) + tonumber(running or 0) == 0 then
    redis.call('EXPIRE', BATCH, ttl)
    redis.call('EXPIRE', BATCH_ENDED, ttl)
  end
end

-- Adds the job to the last five failures with this code, and counts it in the current minute. The time slice of a minute is
-- its first one. The process that held the job is known until its token is removed.
local function note_failure(code, kind)
  local holder = string.match(redis.call('HGET', JOB, 'token') or '', '^(.*)%.') or ''
  local last = cjson.decode(redis.call('HGET', FAILURES, code) or '[]')
  table.insert(last, 1, {format_time(now), ID, kind, holder})
  last[6] = nil
  redis.call('HSET', FAILURES, code, cjson.encode(last))
  redis.call('EXPIRE', FAILURES, 86400)
  redis.call('HINCRBY', RATES, math.floor(now / 60) * 6 .. ':failed:' .. code, 1)
end

-- Ends the job. Its documents are removed now; its record and its result expire after the time to live.
local function finish(status, field, value, ttl)
  local inputs, batch, callback, kind, request =
    unpack(redis.call('HMGET', JOB, 'inputs', 'batch', 'callback', 'kind', 'request_id'))
  local outcome = field == 'failure' and cjson.decode(value)[1] or status
  for _, reference in pairs(cjson.decode(inputs or '{}')) do expire_blob(reference, 0) end
  if field == 'result' then expire_blob(value, ttl) end
  if status == 'failed' then note_failure(outcome, kind) end
  remove_from_indexes()
  redis.call('HDEL', JOB, 'inputs', 'token')
  redis.call('HSET', JOB, 'finished_at', format_time(now), field, value)
  set_status(status)
  redis.call('EXPIRE', JOB, ttl)
  if batch then list_in_batch(ttl) end
  if callback then
    -- What the webhook reports if the record expires before the receiver can be reached.
    redis.call('HSET', WEBHOOK, 'target', callback, 'kind', kind, 'status', status, 'ended_at', format_time(now))
    if request then redis.call('HSET', WEBHOOK, 'request_id', request) end
    redis.call('EXPIRE', WEBHOOK, 90000) -- longer than the time of all retries
    redis.call('ZADD', WEBHOOKS_DUE, format_time(now), ID)
  end
  add_to_rate('ended', 1)
  if status == 'failed' then add_to_rate('failed', 1) end
  increment_total('ended:' .. kind .. ':' .. outcome)
  add_to_audit_outbox(outcome, field == 'result' and ttl)
end

-- Returns whether this process holds the job: a token starts with the name of its holder.
local function held_by(holder)
  local token = redis.call('HGET', JOB, 'token')
  return token and string.sub(token, 1, #holder + 1) == holder .. '.'
end

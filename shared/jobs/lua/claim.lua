-- ARGV: id, token, lease in seconds, the batch that KEYS name, or nothing.
-- Returns 'claimed' and the record; 'nothing' if the job is not queued, as after a message too many; 'dropped' if an index
-- named it, but its record is gone; or 'batch' and its name, if the caller did not know it and must ask again.
if redis.call('ZREM', CANCELLED, ID) == 1 then return {'nothing'} end
local status, token, published_again = unpack(redis.call('HMGET', JOB, 'status', 'token', 'published_again'))
if not status then return {drop() and 'dropped' or 'nothing'} end
-- The same command again, by a worker that lost the connection before the answer.
if token == ARGV[2] then return {'claimed', unpack(redis.call('HGETALL', JOB))} end
if status ~= 'queued' or redis.call('ZSCORE', POSTPONED, ID) then return {'nothing'} end
local batch = redis.call('HGET', JOB, 'batch')
if batch and ARGV[4] == '' then return {'batch', batch} end

for queue, index in pairs({interactive = INTERACTIVE, bulk = BULK}) do
  local published = redis.call('ZSCORE', index, ID)
  if published and not published_again and tonumber(published) > tonumber(redis.call('HGET', STARTED, queue) or 0) then
    redis.call('HSET', STARTED, queue, published)
  end
end
leave_indexes()
redis.call('ZADD', RUNNING, stamp(now + ARGV[3]), ID)
redis.call('HINCRBY', JOB, 'attempts', 1)
redis.call('HSET', JOB, 'started_at', stamp(now), 'token', ARGV[2])
enter('running')
local kind, created_at = unpack(redis.call('HMGET', JOB, 'kind', 'created_at'))
count('started', 1)
count('waited', string.format('%.6f', math.max(0, now - created_at)))
total('attempts:' .. kind)
return {'claimed', unpack(redis.call('HGETALL', JOB))}

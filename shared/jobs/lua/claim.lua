-- ARGV: id, token, lease in seconds, the batch in KEYS or ''.
-- Returns 'claimed' and the record; 'nothing' if the job is not queued, for example after a duplicate message; 'dropped' if
-- the job was in an index but its record is lost; or 'batch' and its name if KEYS must contain it and the caller must retry.
if redis.call('ZREM', CANCELLED, ID) == 1 then return {'nothing'} end
local status, token, published_again = unpack(redis.call('HMGET', JOB, 'status', 'token', 'published_again'))
if not status then return {drop_lost_job() and 'dropped' or 'nothing'} end
-- The same command again, from a worker that lost the connection before the response.
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
remove_from_indexes()
redis.call('ZADD', RUNNING, format_time(now + ARGV[3]), ID)
redis.call('HINCRBY', JOB, 'attempts', 1)
redis.call('HSET', JOB, 'started_at', format_time(now), 'token', ARGV[2])
set_status('running')
local kind, created_at = unpack(redis.call('HMGET', JOB, 'kind', 'created_at'))
add_to_rate('started', 1)
add_to_rate('waited', string.format('%.6f', math.max(0, now - created_at)))
increment_total('attempts:' .. kind)
return {'claimed', unpack(redis.call('HGETALL', JOB))}

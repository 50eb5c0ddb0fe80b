-- ARGV: id, time to live in seconds, the failure of a cancelled job, whether only a waiting job is meant (1 or 0).
-- Returns 1, or 0 if there is no such job. An unfinished job ends as cancelled, an ended one is forgotten.
local id = ARGV[1]
local job = 'job:' .. id
local status, result = unpack(redis.call('HMGET', job, 'status', 'result'))
if not status or (ARGV[4] == '1' and status ~= 'queued') then return 0 end
if status == 'queued' or status == 'running' then
  cancel(id, ARGV[3], tonumber(ARGV[2]))
else
  if result then expire_blob(result, 0) end
  local callback = redis.call('HGET', 'callback:' .. id, 'body')
  if callback then expire_blob(callback, 0) end
  redis.call('DEL', job, 'callback:' .. id)
  redis.call('ZREM', 'callbacks:due', id)
end
return 1

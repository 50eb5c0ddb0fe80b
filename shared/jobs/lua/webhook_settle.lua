-- ARGV: id, state (pending, delivered or given_up), seconds until the next attempt, reference of the stored body or
-- nothing.
if redis.call('EXISTS', CALLBACK) == 0 then return 0 end -- the job was erased meanwhile
total('callbacks:' .. ARGV[2])
if redis.call('EXISTS', JOB) == 1 then
  redis.call('HSET', JOB, 'callback_state', ARGV[2], 'callback_attempts', redis.call('HGET', CALLBACK, 'attempts'))
end
if ARGV[2] == 'pending' then
  redis.call('ZADD', DUE, stamp(now + ARGV[3]), ID)
  if ARGV[4] ~= '' then redis.call('HSET', CALLBACK, 'body', ARGV[4]) end
else
  local body = redis.call('HGET', CALLBACK, 'body')
  if body then expire_blob(body, 0) end
  redis.call('DEL', CALLBACK)
  redis.call('ZREM', DUE, ID)
end
return 1

-- ARGV: id, state (pending, delivered or given_up), seconds until the next attempt, reference of the stored body or
-- nothing.
local id, state = ARGV[1], ARGV[2]
local key, job = 'callback:' .. id, 'job:' .. id
if redis.call('EXISTS', key) == 0 then return 0 end -- the job was erased meanwhile
total('callbacks:' .. state)
if redis.call('EXISTS', job) == 1 then
  redis.call('HSET', job, 'callback_state', state, 'callback_attempts', redis.call('HGET', key, 'attempts'))
end
if state == 'pending' then
  redis.call('ZADD', 'callbacks:due', stamp(now + ARGV[3]), id)
  if ARGV[4] ~= '' then redis.call('HSET', key, 'body', ARGV[4]) end
else
  local body = redis.call('HGET', key, 'body')
  if body then expire_blob(body, 0) end
  redis.call('DEL', key)
  redis.call('ZREM', 'callbacks:due', id)
end
return 1

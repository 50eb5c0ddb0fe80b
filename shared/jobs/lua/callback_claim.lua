-- ARGV: id, seconds that the caller has for its attempt.
-- Returns the callback, or nothing if it is not due: done, given up, or being tried by another.
local id = ARGV[1]
local due = redis.call('ZSCORE', 'callbacks:due', id)
if not due or tonumber(due) > now + 1 then return {} end
if redis.call('EXISTS', 'callback:' .. id) == 0 then
  redis.call('ZREM', 'callbacks:due', id)
  return {}
end
redis.call('ZADD', 'callbacks:due', stamp(now + ARGV[2]), id)
redis.call('HINCRBY', 'callback:' .. id, 'attempts', 1)
return {'now', stamp(now), unpack(redis.call('HGETALL', 'callback:' .. id))}

-- ARGV: id, seconds that the caller has for its attempt.
-- Returns the callback, or nothing if it is not due: delivered, given up, or being delivered by another.
redis.call('ZREM', PUBLISHED, ID)
local due = redis.call('ZSCORE', DUE, ID)
if due and tonumber(due) > now + 1 then return {} end
if redis.call('EXISTS', CALLBACK) == 0 then
  redis.call('ZREM', DUE, ID)
  return {}
end
redis.call('ZADD', DUE, stamp(now + ARGV[2]), ID)
redis.call('HINCRBY', CALLBACK, 'attempts', 1)
return {'now', stamp(now), unpack(redis.call('HGETALL', CALLBACK))}

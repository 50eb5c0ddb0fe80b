-- ARGV: id, seconds that the caller has for its attempt.
-- Returns the callback, or nothing if no message of it was published, as when one came twice: it is being delivered by
-- another, is due later, or was delivered or given up.
if redis.call('ZREM', PUBLISHED, ID) == 0 or redis.call('EXISTS', CALLBACK) == 0 then return {} end
redis.call('ZADD', DUE, stamp(now + ARGV[2]), ID)
redis.call('HINCRBY', CALLBACK, 'attempts', 1)
return {'now', stamp(now), unpack(redis.call('HGETALL', CALLBACK))}

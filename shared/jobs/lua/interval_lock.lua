-- KEYS: the turn. ARGV: seconds. Returns 1 for one caller in so many seconds, 0 for the others.
local wait = ARGV[1] * 1000
local left = redis.call('PTTL', KEYS[1])
-- A key that lives longer was set before the server's clock was set back.
if left >= 0 and left <= wait then return 0 end
redis.call('SET', KEYS[1], 1, 'PX', wait)
return 1

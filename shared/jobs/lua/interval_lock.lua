-- KEYS: the lock. ARGV: interval in seconds. Returns 1 to one caller per interval, and 0 to all others.
local interval = ARGV[1] * 1000
local left = redis.call('PTTL', KEYS[1])
-- A key with a longer time to live was set before the server clock was set back.
if left >= 0 and left <= interval then return 0 end
redis.call('SET', KEYS[1], 1, 'PX', interval)
return 1

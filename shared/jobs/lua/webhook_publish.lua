-- ARGV: id, seconds after which a published message counts as lost, the longest pause between two attempts in seconds.
-- Notes that the message of a callback is published next, which the caller does.
-- Returns 1, or 0 if it is not due, or if another has just published it.
local due, published = redis.call('ZSCORE', DUE, ID), redis.call('ZSCORE', PUBLISHED, ID)

-- No time is further ahead than the longest: then the server's clock was set back.
local function has_come(at, longest)
  return at and (tonumber(at) <= now or tonumber(at) > now + longest)
end

if not has_come(due, ARGV[3]) and not has_come(published and published + ARGV[2], ARGV[2]) then return 0 end
redis.call('ZREM', DUE, ID)
redis.call('ZADD', PUBLISHED, stamp(now), ID)
return 1

-- ARGV: id, seconds after which a published message counts as lost, the longest pause between two attempts in seconds.
-- Records that the message of a webhook is published next; the caller publishes it.
-- Returns 1, or 0 if the webhook is not due or another process has just published it.
local due, published = redis.call('ZSCORE', WEBHOOKS_DUE, ID), redis.call('ZSCORE', WEBHOOKS_PUBLISHED, ID)

-- A time that is further in the future was written before the server clock was set back.
local function is_past(at, longest)
  return at and (tonumber(at) <= now or tonumber(at) > now + longest)
end

if not is_past(due, ARGV[3]) and not is_past(published and published + ARGV[2], ARGV[2]) then return 0 end
redis.call('ZREM', WEBHOOKS_DUE, ID)
redis.call('ZADD', WEBHOOKS_PUBLISHED, format_time(now), ID)
return 1

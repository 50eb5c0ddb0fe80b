-- ARGV: id, time limit of the attempt in seconds.
-- Returns the webhook, or an empty list if no message of it is outstanding, for example after a duplicate message. It is
-- then being delivered, due later, already delivered, or given up.
if redis.call('ZREM', WEBHOOKS_PUBLISHED, ID) == 0 or redis.call('EXISTS', WEBHOOK) == 0 then return {} end
redis.call('ZADD', WEBHOOKS_DUE, format_time(now + ARGV[2]), ID)
redis.call('HINCRBY', WEBHOOK, 'attempts', 1)
return {'now', format_time(now), unpack(redis.call('HGETALL', WEBHOOK))}

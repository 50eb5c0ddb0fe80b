-- ARGV: id, state (pending, delivered or given_up), seconds until the next attempt, reference of the stored body or ''.
-- Records the outcome of an attempt. Returns 1, or 0 if the webhook no longer exists: its job was erased in the meantime, or
-- another attempt has delivered it.
if redis.call('EXISTS', WEBHOOK) == 0 then
  if ARGV[4] ~= '' then expire_blob(ARGV[4], 0) end
  return 0
end
increment_total('callbacks:' .. ARGV[2])
if redis.call('EXISTS', JOB) == 1 then
  redis.call('HSET', JOB, 'callback_state', ARGV[2], 'callback_attempts', redis.call('HGET', WEBHOOK, 'attempts'))
end
if ARGV[2] == 'pending' then
  redis.call('ZADD', WEBHOOKS_DUE, format_time(now + ARGV[3]), ID)
  if ARGV[4] ~= '' then redis.call('HSET', WEBHOOK, 'body', ARGV[4]) end
else
  local body = redis.call('HGET', WEBHOOK, 'body')
  if body then expire_blob(body, 0) end
  redis.call('DEL', WEBHOOK)
  redis.call('ZREM', WEBHOOKS_DUE, ID)
end
return 1

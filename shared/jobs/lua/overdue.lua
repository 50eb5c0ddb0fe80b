-- ARGV: seconds that a job waits before its message can count as lost, how many at most.
-- Returns waiting jobs to wake workers for. A worker takes the job whose turn it is, whatever message woke it: so
-- messages are missing only if the broker has none left and jobs wait all the same.
if redis.call('LLEN', 'interactive') + redis.call('LLEN', 'bulk') > 0 then return {} end
local found = {}
for _, queue in ipairs({'interactive', 'bulk'}) do
  -- Those before this time, and those after now: accepted before the server's clock was set back.
  for _, range in ipairs({{'-inf', stamp(now - ARGV[1])}, {'(' .. stamp(now), '+inf'}}) do
    local ids = redis.call('ZRANGEBYSCORE', 'jobs:queued:' .. queue, range[1], range[2], 'LIMIT', 0, ARGV[2])
    for _, id in ipairs(ids) do
      table.insert(found, id)
      table.insert(found, queue)
    end
  end
end
if #found > 0 then total('messages_lost', #found / 2) end
return found

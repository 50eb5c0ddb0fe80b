-- ARGV: id, holder, failure or nothing, time to live in seconds.
-- The holder's process is gone: its job fails for the reason given or, without one, is queued again by the reaper.
-- Returns 1, or 0 if it does not hold the job.
if not held_by(ARGV[2]) then return 0 end
if ARGV[3] ~= '' then
  finish('failed', 'failure', ARGV[3], tonumber(ARGV[4]))
else
  redis.call('ZADD', RUNNING, 'XX', stamp(now), ID)
end
return 1

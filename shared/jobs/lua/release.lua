-- ARGV: id, holder, failure or '', time to live in seconds.
-- Releases the job of a process that has died: it fails with the failure or, without one, the reaper queues it again.
-- Returns 1, or 0 if the process does not hold the job.
if not held_by(ARGV[2]) then return 0 end
if ARGV[3] ~= '' then
  finish('failed', 'failure', ARGV[3], tonumber(ARGV[4]))
else
  redis.call('ZADD', RUNNING, 'XX', format_time(now), ID)
end
return 1

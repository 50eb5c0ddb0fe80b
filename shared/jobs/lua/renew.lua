-- ARGV: id, holder, lease in seconds. Extends the lease if this process holds the job.
if held_by(ARGV[2]) then redis.call('ZADD', RUNNING, 'XX', format_time(now + ARGV[3]), ID) end

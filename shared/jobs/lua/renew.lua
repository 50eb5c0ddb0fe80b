-- ARGV: id, holder, lease in seconds. Extends the lease, if the job is this holder's.
if held_by(ARGV[2]) then redis.call('ZADD', RUNNING, 'XX', stamp(now + ARGV[3]), ID) end

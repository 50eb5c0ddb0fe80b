-- ARGV: id, token, status, field, value, time to live in seconds.
-- Returns 1, or 0 if the job is no longer this worker's.
local id, token = ARGV[1], ARGV[2]
local holder, ended_by = unpack(redis.call('HMGET', 'job:' .. id, 'token', 'ended_by'))
-- The same command again, by a worker that lost the connection before the answer.
if ended_by == token then return 1 end
if holder ~= token then return 0 end
finish(id, ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]))
redis.call('HSET', 'job:' .. id, 'ended_by', token)
return 1

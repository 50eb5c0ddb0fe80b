-- ARGV: lease in seconds, then holders. Extends the leases of the jobs that they hold, if any.
for index = 2, #ARGV do
  local id = redis.call('HGET', 'jobs:held', ARGV[index])
  if id then redis.call('ZADD', 'jobs:running', 'XX', stamp(now + ARGV[1]), id) end
end

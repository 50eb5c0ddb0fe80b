-- ARGV: id, queue, time up to which messages of this queue were lost.
-- Notes that the message of a queued job is published again now, which the caller does.
-- Returns 'published'; 'dropped' if its record is gone; or 'nothing' if it waits for no message, or not since then.
local index = ARGV[2] == 'interactive' and INTERACTIVE or BULK
local published = tonumber(redis.call('ZSCORE', index, ID) or nil)
if not published then return 'nothing' end
local status = redis.call('HGET', JOB, 'status')
if not status then return drop() and 'dropped' or 'nothing' end
if status ~= 'queued' then
  leave_indexes()
  return 'dropped'
end
if published > now then
  -- The server's clock was set back. Its message is where it was.
  await(ARGV[2])
  return 'nothing'
end
if published > tonumber(ARGV[3]) then return 'nothing' end
await_again(ARGV[2])
total('messages_lost')
return 'published'

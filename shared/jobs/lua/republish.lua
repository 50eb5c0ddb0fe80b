-- ARGV: id, queue. Notes that the message of a queued job was lost and is published again now.
-- Returns 1, or 0 if the job no longer waits for one.
local index = ARGV[2] == 'interactive' and INTERACTIVE or BULK
if not redis.call('ZSCORE', index, ID) then return 0 end
await_again(ARGV[2])
total('messages_lost')
return 1

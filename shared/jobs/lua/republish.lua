-- ARGV: id, queue, time up to which messages of this queue are lost.
-- Records that the message of a queued job is published again; the caller publishes it.
-- Returns 'published'; 'dropped' if the record is lost; or 'nothing' if the job does not wait for a lost message.
local index = ARGV[2] == 'interactive' and INTERACTIVE or BULK
local published = tonumber(redis.call('ZSCORE', index, ID) or nil)
if not published then return 'nothing' end
local status = redis.call('HGET', JOB, 'status')
if not status then return drop_lost_job() and 'dropped' or 'nothing' end
if status ~= 'queued' then
  remove_from_indexes()
  return 'dropped'
end
if published > now then
  -- The server clock was set back. The message keeps its place.
  enqueue(ARGV[2])
  return 'nothing'
end
if published > tonumber(ARGV[3]) then return 'nothing' end
enqueue_again(ARGV[2])
increment_total('messages_lost')
return 'published'

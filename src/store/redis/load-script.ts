// Stores a load report. One sequence counts the reports of all subjects, so that a follower asks for what is new since the
// last one that it knows, and a poll without news is one short read.
//
//   KEYS   load, load-order, load-last (see keys.ts)
//   ARGV   1 subject   2 report as JSON   3 channel   4 age in ms at which a report is swept
//          5 the least sequence to give
//   reply  the sequence that the report was given

/** Old reports swept by one write at most. */
const SWEEP_LIMIT = 16;

export const WRITE_LOAD_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local sequence = math.max(tonumber(redis.call('GET', KEYS[3]) or '0') + 1, now, tonumber(ARGV[5]))
local text = string.format('%.0f', sequence)
local stored = text .. ' ' .. ARGV[2]

redis.call('SET', KEYS[3], text)
redis.call('HSET', KEYS[1], ARGV[1], stored)
redis.call('ZADD', KEYS[2], text, ARGV[1])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[4]), 'LIMIT', 0, ${SWEEP_LIMIT})) do
  redis.call('HDEL', KEYS[1], old)
  redis.call('ZREM', KEYS[2], old)
end
redis.call('PUBLISH', ARGV[3], stored)
return sequence
`;

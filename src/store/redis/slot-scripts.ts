// The three writes to slots. The fence is here and not in the worker, because a command that its client gave up on may
// still run later. Epochs and sequences stay below 2^53, which Lua's numbers hold exactly.
//
//   slot in index       900.7                        900.8
//                         │ write 900.8 ─► stored ─►   │ write 900.8 again, 900.5 or 899.99 ─► refused
//   epochs              900                          900 ─ allocate ─► 1000: from now on 900.9 is refused as well

const NOW_MS = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/**
 * KEYS epochs, index, slots. ARGV 1 vantage/worker, 2 age in ms at which an entry is swept. Replies with the new epoch.
 * Sweeping has its place here because workers start seldom, and each start may leave the name of a dead one behind.
 */
export const ALLOCATE_EPOCH_SCRIPT = `
${NOW_MS}
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local epoch = math.max(known + 1, now)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', epoch))

local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local version = redis.call('HGET', KEYS[2], entries[i])
  local written = tonumber(version and string.match(version, '^%d+%.%d+%.(%d+)$') or entries[i + 1])
  if written < now - tonumber(ARGV[2]) then
    for key = 1, 3 do redis.call('HDEL', KEYS[key], entries[i]) end
  end
end
return epoch
`;

/**
 * KEYS epochs, index, slots. ARGV 1 vantage/worker, 2 epoch, 3 sequence, 4 packed slot, 5 packed delta or '', 6 channel.
 * Replies 1 stored, 0 refused.
 */
export const WRITE_SLOT_SCRIPT = `
${NOW_MS}
local epoch, sequence = tonumber(ARGV[2]), tonumber(ARGV[3])
local fence = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if epoch < fence then return 0 end
local version = redis.call('HGET', KEYS[2], ARGV[1])
if version then
  local knownEpoch, knownSequence = string.match(version, '^(%d+)%.(%d+)')
  knownEpoch, knownSequence = tonumber(knownEpoch), tonumber(knownSequence)
  if epoch < knownEpoch or (epoch == knownEpoch and sequence <= knownSequence) then return 0 end
end

redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. '.' .. ARGV[3] .. '.' .. string.format('%.0f', now))
if epoch > fence then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[6], ARGV[5]) end
return 1
`;

/**
 * KEYS epochs, index, slots. ARGV 1 vantage/worker, 2 the entry of the index that was seen, 3 the epoch to fence off up
 * to, 4 packed removal, 5 channel. Replies 1 removed, 0 when the entry has changed meanwhile.
 */
export const REMOVE_SLOT_SCRIPT = `
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
local fence = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if tonumber(ARGV[3]) > fence then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('PUBLISH', ARGV[5], ARGV[4])
return 1
`;

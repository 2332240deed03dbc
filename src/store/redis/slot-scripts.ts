// The three writes to slots. The fence is here and not in the worker, because a command that its client gave up on may
// still run later. Epochs and sequences stay below 2^53, which Lua's numbers hold exactly.
//
//   slot in index       900.7                        900.8
//                         │ write 900.8 ─► stored ─►   │ write 900.8 again, 900.5 or 899.99 ─► refused
//   epochs              900                          900 ─ allocate ─► 1000: from now on 900.9 is refused as well

/**
 * What stands in the store may be anybody's who can write there. A fence, or an entry of the index, that no clock and no
 * count of ours comes to is as good as none: a worker that had to go beyond it could not be told by a double any more.
 */
const EPOCH_LIMIT = 2 ** 52;

const READ_EPOCH = `
local function readEpoch(text)
  local epoch = tonumber(text or '0')
  if not epoch or epoch ~= math.floor(epoch) or epoch < 0 or epoch > ${EPOCH_LIMIT} then return 0 end
  return epoch
end
`;

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
${READ_EPOCH}
local fence = readEpoch(redis.call('HGET', KEYS[1], ARGV[1]))
local written = readEpoch(string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^(%d+)%.'))
local epoch = math.max(fence + 1, written + 1, now)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', epoch))

local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local version = redis.call('HGET', KEYS[2], entries[i])
  local written = tonumber(version and string.match(version, '^%d+%.%d+%.(%d+)$') or entries[i + 1]) or 0
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
${READ_EPOCH}
local epoch, sequence = tonumber(ARGV[2]), tonumber(ARGV[3])
local fence = readEpoch(redis.call('HGET', KEYS[1], ARGV[1]))
if epoch < fence then return 0 end
local version = redis.call('HGET', KEYS[2], ARGV[1])
if version then
  local knownEpoch, knownSequence = string.match(version, '^(%d+)%.(%d+)')
  knownEpoch, knownSequence = readEpoch(knownEpoch), readEpoch(knownSequence)
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
${READ_EPOCH}
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
local fence = readEpoch(redis.call('HGET', KEYS[1], ARGV[1]))
if tonumber(ARGV[3]) > fence then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('PUBLISH', ARGV[5], ARGV[4])
return 1
`;

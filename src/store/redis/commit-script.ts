// Commits a revision: all or nothing, for Redis runs a script as one step, and every check stands before the first write.
//
//   KEYS   head, order, manifests, objects, references (see keys.ts)
//   ARGV   1 parent or ''   2 id   3 id as in `order`   4 manifest   5 how many revisions to keep   6 channel
//          7 number of distinct hashes in the manifest, then these hashes, then pairs of hash and text
//   reply  committed | conflict, head or '' | incomplete, hash
//
// Of an old revision whose manifest somebody took away, or wrote over, the objects stay: nobody knows which they were.
//
// The head being this very revision already means that an earlier try came through after its caller gave up on it.

/** Old revisions dropped by one commit at most, when the limit was lowered. */
const TRIM_LIMIT = 16;

export const COMMIT_SCRIPT = `
local head = redis.call('GET', KEYS[1]) or ''
if head == ARGV[2] and redis.call('HGET', KEYS[3], ARGV[3]) == ARGV[4] then return {'committed'} end
if head ~= ARGV[1] then return {'conflict', head} end

local last = 7 + tonumber(ARGV[7])
local given = {}
for i = last + 1, #ARGV, 2 do given[ARGV[i]] = true end
for i = 8, last do
  if not given[ARGV[i]] and redis.call('HEXISTS', KEYS[4], ARGV[i]) == 0 then return {'incomplete', ARGV[i]} end
end

for i = last + 1, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1]) end
for i = 8, last do redis.call('HINCRBY', KEYS[5], ARGV[i], 1) end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[4])
redis.call('ZADD', KEYS[2], 0, ARGV[3])
redis.call('SET', KEYS[1], ARGV[2])

local surplus = math.min(redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5]), ${TRIM_LIMIT})
if surplus > 0 then
  for _, oldest in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do
    local seen, text = {}, redis.call('HGET', KEYS[3], oldest)
    local readable, manifest = pcall(cjson.decode, text or '')
    local objects = readable and type(manifest) == 'table' and type(manifest.objects) == 'table' and manifest.objects or {}
    for _, hash in pairs(objects) do
      if not seen[hash] and redis.call('HINCRBY', KEYS[5], hash, -1) <= 0 then
        redis.call('HDEL', KEYS[5], hash)
        redis.call('HDEL', KEYS[4], hash)
      end
      seen[hash] = true
    end
    redis.call('HDEL', KEYS[3], oldest)
    redis.call('ZREM', KEYS[2], oldest)
  end
end

redis.call('PUBLISH', ARGV[6], ARGV[2])
return {'committed'}
`;

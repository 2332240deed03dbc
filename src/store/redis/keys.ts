// Every key and channel in Redis. The part in braces is the hash tag: in a cluster all keys share one slot, so scripts may
// touch several of them at once.
//
//   azimuth:{azimuth}:head         string            the newest revision, `1.42`
//                    :order        sorted set        revisions oldest first, as `0000000001.0000000042`, all of score 0
//                    :manifests    hash              revision as in `order` → manifest (one line of JSON)
//                    :objects      hash              SHA-256 → text
//                    :references   hash              SHA-256 → in how many manifests it is named
//
//                    :slots        hash              vantage/worker → packed slot (health/pack-slot.ts)
//                    :index        hash              vantage/worker → `epoch.sequence.writtenAtMs`
//                    :epochs       hash              vantage/worker → the least epoch that may write
//
//                    :load         hash              subject → `sequence JSON`
//                    :load-order   sorted set        subjects by sequence
//                    :load-last    string            the last sequence that was given
//
//   channels         :head         the new head; only wakes the followers, who read it
//                    :deltas       packed deltas and removals
//                    :load         `sequence JSON`
//                    :hints        JSON: a zone that has changed at its primary

const PREFIX = 'azimuth:{azimuth}:';

export const KEYS = {
  head: `${PREFIX}head`,
  order: `${PREFIX}order`,
  manifests: `${PREFIX}manifests`,
  objects: `${PREFIX}objects`,
  references: `${PREFIX}references`,
  slots: `${PREFIX}slots`,
  index: `${PREFIX}index`,
  epochs: `${PREFIX}epochs`,
  load: `${PREFIX}load`,
  loadOrder: `${PREFIX}load-order`,
  loadLast: `${PREFIX}load-last`,
} as const;

export const CHANNELS = {
  head: `${PREFIX}head`,
  deltas: `${PREFIX}deltas`,
  load: `${PREFIX}load`,
  hints: `${PREFIX}hints`,
} as const;

/** Where the hash tag puts all of them: CRC16 of `azimuth`, modulo 16384 (CLUSTER KEYSLOT). */
export const HASH_SLOT = 986;

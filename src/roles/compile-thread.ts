// The compile thread: configurations in, snapshots out. Ranking every client of the world takes long enough to hold up
// checks, heartbeats and the API, so it happens here; the result is handed over by reference.

import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { askCanaries } from '../answer/canary.ts';
import { nameRankMap, readCachedRankMap, writeCachedRankMap } from '../databases/rank-map-cache.ts';
import { yieldProcessor } from '../databases/yield-processor.ts';
import type { ZoneKeys } from '../dnssec/zone-keys.ts';
import { emptyPlaceMap, type PlaceMap } from '../geo/place-map.ts';
import { signWithKey } from '../keys/sign.ts';
import type { Configuration } from '../model/configuration.ts';
import { formatProblem } from '../model/problem.ts';
import {
  type CompiledSnapshot,
  compileSnapshot,
  createRankMapCache,
  type RankMapCache,
  type RankMapKeeper,
} from '../snapshot/compile-snapshot.ts';
import { createKeptTables } from '../snapshot/kept-tables.ts';
import type { SignedImage } from '../snapshot/list-signatures.ts';
import { type PartCache, readParts, type StatedRecords } from '../snapshot/part-cache.ts';
import { createSignatureCounts, type SignatureCounts } from '../snapshot/sign-zone.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { countRuns } from '../steering/run-map.ts';
import { type HeldPlaceMap, holdPlaceMap, PlaceMapLostError, type PlaceMapOrigin } from './held-place-map.ts';
import { collectGarbage, SharedMemoryCount, watchSharedGarbage } from './shared-garbage.ts';
import { SignatureKeeper } from './signature-keeper.ts';

export type ToCompileThread =
  | { readonly kind: 'place-map'; readonly placeMap: PlaceMap | undefined; readonly origin: PlaceMapOrigin | undefined }
  /** Where signatures are kept; comes before the first job, or not at all. */
  | { readonly kind: 'state-directory'; readonly directory: string }
  | CompileJob;

export type CompileJob = {
  readonly kind: 'compile';
  readonly job: number;
  /** Undefined: that of the job before. */
  readonly configuration: Configuration | undefined;
  readonly records: readonly StatedRecords[];
  /** By hash: those texts of records that the job before did not have. */
  readonly texts: ReadonlyMap<string, string>;
  readonly serial: number;
  /** Of the zones that are signed. */
  readonly keys: ReadonlyMap<string, ZoneKeys>;
};

/**
 * `newBytes`: of shared memory that the snapshot before did not have. `signatures`: where those of zones came from that were built.
 * `reasons`: everything that is against serving it, one sentence each.
 */
export type CompileOutcome =
  | {
      readonly ok: true;
      readonly compiled: CompiledSnapshot;
      readonly newBytes: number;
      readonly signatures: SignatureCounts;
    }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** `map-lost`: it needs the map of clients, which can be read no more; to be sent again after another map. */
export type FromCompileThread =
  | { readonly kind: 'outcome'; readonly job: number; readonly outcome: CompileOutcome | 'map-lost' }
  | { readonly kind: 'warning'; readonly message: string };

if (parentPort !== null) {
  const port = parentPort;
  const garbage = watchSharedGarbage();
  let isYielding = false;
  let held: HeldPlaceMap | undefined;
  let cache = createRankMapCache(emptyPlaceMap);
  let keeper: SignatureKeeper | undefined;
  const compile = openCompile();
  let isCacheKept = false;
  /** Rankings that were compiled and are not on disk yet: nobody waits for that. */
  const unwritten: (() => void)[] = [];
  const tryCompile = (job: CompileJob): CompileOutcome | 'map-lost' => {
    try {
      return compile(job, cache, keeper);
    } catch (error) {
      if (error instanceof PlaceMapLostError) return 'map-lost';
      throw error;
    }
  };
  port.on('message', (message: ToCompileThread) => {
    if (message.kind === 'place-map') {
      const { placeMap, origin } = message;
      held?.drop();
      const next = holdPlaceMap(placeMap, origin, collectGarbage);
      held = next;
      cache = createRankMapCache(next.read, origin && keepRankMaps(origin, (write) => unwritten.push(write)));
      return;
    }
    if (message.kind === 'state-directory') {
      const warn = (text: string) => port.postMessage({ kind: 'warning', message: text } satisfies FromCompileThread);
      keeper = new SignatureKeeper({ directory: message.directory, warn });
      return;
    }
    const outcome = tryCompile(message);
    port.postMessage({ kind: 'outcome', job: message.job, outcome } satisfies FromCompileThread);
    // The first is what everybody waits for; from then on, others answer.
    if (!isYielding) yieldProcessor();
    isYielding = true;
    if (outcome !== 'map-lost' && outcome.ok) {
      garbage.note(outcome.newBytes);
      keeper?.keep(listSigned(outcome.compiled.snapshot, message.keys));
    }
    for (const write of unwritten.splice(0)) write();
    if (!isCacheKept) flushCompileCache();
    isCacheKept = true;
  });
}

/** Compiles job after job, each with what is kept of the one before. */
function openCompile(): (job: CompileJob, cache: RankMapCache, keeper?: SignatureKeeper) => CompileOutcome {
  const parts: PartCache = new Map();
  const kept = createKeptTables();
  const memory = new SharedMemoryCount();
  let configuration: Configuration | undefined;
  return (job, cache, keeper) => {
    configuration = job.configuration ?? configuration;
    if (configuration === undefined) throw new Error('the first job came without its configuration');
    const records = readParts(job.records, job.texts, parts);
    const counts = createSignatureCounts();
    const listed = job.keys.size > 0 ? keeper?.read() : undefined;
    const nowSeconds = Math.floor(Date.now() / 1000);
    const signing = { keys: job.keys, nowSeconds, sign: signWithKey, listed, counts };
    const compiled = compileSnapshot({ configuration, records, serial: job.serial, signing }, cache, kept);
    const reasons = compiled.ok
      ? askCanaries(compiled.value.snapshot, signWithKey)
      : compiled.problems.map(formatProblem);
    keeper?.count(counts);
    if (!compiled.ok || reasons.length > 0) return { ok: false, reasons };
    const newBytes = memory.countNew(compiled.value.snapshot);
    return { ok: true, compiled: compiled.value, newBytes, signatures: counts };
  };
}

/** By the name of the zone, those that were signed here. */
function listSigned({ zones }: Snapshot, keys: ReadonlyMap<string, ZoneKeys>): ReadonlyMap<string, SignedImage> {
  const signed = new Map<string, SignedImage>();
  for (const [index, name] of zones.names.entries()) {
    const image = zones.images[index];
    const own = keys.get(name);
    if (image?.signing !== undefined && own !== undefined) signed.set(name, { image, keys: own });
  }
  return signed;
}

function keepRankMaps({ fingerprint, cacheDirectory }: PlaceMapOrigin, writeLater: (write: () => void) => void) {
  const keeper: RankMapKeeper = {
    find: (key) => readCachedRankMap(cacheDirectory, nameRankMap(fingerprint, key)),
    keep: (key, map) => {
      // One run for everyone is made faster than it is read.
      if (countRuns(map.v4) === 1 && countRuns(map.v6) === 1) return;
      writeLater(() => {
        try {
          writeCachedRankMap(cacheDirectory, nameRankMap(fingerprint, key), map);
        } catch {
          // Then the next start compiles it again: the log has said by then that the disk refuses.
        }
      });
    },
  };
  return keeper;
}

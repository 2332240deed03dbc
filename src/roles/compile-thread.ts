// The compile thread: configurations in, snapshots out. Ranking every client of the world takes long enough to hold up
// checks, heartbeats and the API, so it happens here; the result is handed over by reference.

import { parentPort } from 'node:worker_threads';
import { askCanaries } from '../answer/canary.ts';
import { emptyPlaceMap, type PlaceMap } from '../geo/place-map.ts';
import type { Configuration } from '../model/configuration.ts';
import { formatProblem } from '../model/problem.ts';
import { type CompiledSnapshot, compileSnapshot, createRankMapCache } from '../snapshot/compile-snapshot.ts';
import { watchSharedGarbage } from './shared-garbage.ts';

export type ToCompileThread =
  | { readonly kind: 'place-map'; readonly placeMap: PlaceMap }
  | { readonly kind: 'compile'; readonly job: number; readonly configuration: Configuration; readonly serial: number };

/** `reasons`: everything that is against serving it, one sentence each. */
export type CompileOutcome =
  | { readonly ok: true; readonly compiled: CompiledSnapshot }
  | { readonly ok: false; readonly reasons: readonly string[] };

export type FromCompileThread = { readonly job: number; readonly outcome: CompileOutcome };

if (parentPort !== null) {
  const port = parentPort;
  const garbage = watchSharedGarbage();
  let cache = createRankMapCache(emptyPlaceMap());
  port.on('message', (message: ToCompileThread) => {
    if (message.kind === 'place-map') {
      cache = createRankMapCache(message.placeMap);
      garbage.note(message.placeMap);
      return;
    }
    const { job, configuration, serial } = message;
    const compiled = compileSnapshot(configuration, serial, cache);
    const reasons = compiled.ok ? askCanaries(compiled.value.snapshot) : compiled.problems.map(formatProblem);
    const outcome: CompileOutcome =
      compiled.ok && reasons.length === 0 ? { ok: true, compiled: compiled.value } : { ok: false, reasons };
    port.postMessage({ job, outcome } satisfies FromCompileThread);
    garbage.note(outcome);
  });
}

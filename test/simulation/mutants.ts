// The rules without which the invariants would not hold, each taken out of the code as it is read: a simulation that does not
// notice has proved nothing. A mutant whose text is not found is an error, so that no rule slips away when code is rewritten.

import { registerHooks } from 'node:module';

export type Edit = {
  /** Below the root of the project. */
  readonly file: string;
  /** Must occur exactly once. */
  readonly find: string;
  readonly replace: string;
};

export type Mutant = { readonly name: string; readonly without: string; readonly edits: readonly Edit[] };

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'epoch-fence',
    without: 'the fence of the script that writes a slot',
    edits: [
      {
        file: 'test/simulation/simulated-redis.ts',
        find: "if (slot.epoch < fence) return 'refused';",
        replace: '',
      },
      {
        file: 'test/simulation/simulated-redis.ts',
        find: "if (known !== undefined && compareSlotVersions(slot, known) <= 0) return 'refused';",
        replace: '',
      },
    ],
  },
  {
    name: 'quorum',
    without: 'the quorum: one vantage is enough',
    edits: [
      {
        file: 'src/health/quorum.ts',
        find: "portion === 'majority' ? Math.floor(of / 2) + 1 :",
        replace: "portion === 'majority' ? 1 :",
      },
    ],
  },
  {
    name: 'swap-time-check',
    without: 'the question whether a revision is newer, in the follower and at the swap',
    edits: [
      {
        file: 'src/roles/refuse-older.ts',
        find: 'if (served === undefined || compareRevisionIds(offered, served) >= 0) return undefined;',
        replace: 'if (offered !== served) return undefined;',
      },
      {
        file: 'src/roles/configuration-follower.ts',
        find: 'if (manifest !== undefined && compareRevisionIds(wanted, manifest.id) <= 0) return false;',
        replace: 'if (manifest !== undefined && compareRevisionIds(wanted, manifest.id) === 0) return false;',
      },
    ],
  },
  {
    name: 'abstention',
    without: 'the abstention of a worker whose event loop lags',
    edits: [
      {
        file: 'src/probe/lag-watch.ts',
        find: 'return state.delays.some((delay) => delay.atMs >= startedAtMs);',
        replace: 'return false;',
      },
      {
        file: 'src/probe/lag-watch.ts',
        find: 'if (nowMs - state.expectedAtMs > options.toleratedLagMs) return true;',
        replace: '',
      },
      {
        file: 'src/probe/lag-watch.ts',
        find: 'return lostMs >= options.heartbeatMs;',
        replace: 'return lostMs < 0;',
      },
    ],
  },
  {
    name: 'merge-rule',
    without: 'the rule that the greater version of a slot wins',
    edits: [
      {
        file: 'src/health/merge-slots.ts',
        find: 'return known && compareSlotVersions(incoming, known) <= 0 ? known : incoming;',
        replace: 'return known && compareSlotVersions(incoming, known) === 0 ? known : incoming;',
      },
      {
        file: 'src/store/follow-slots.ts',
        find: 'if (!known || compareSlotVersions(version, known) > 0) want(version);',
        replace: 'if (!known || compareSlotVersions(version, known) !== 0) want(version);',
      },
    ],
  },
  {
    name: 'liveness-rule',
    without: 'the rule that only a slot that moves lately is alive',
    edits: [
      {
        file: 'src/health/liveness.ts',
        find: 'return movedAtMs !== undefined && nowMs - movedAtMs < STALE_AFTER_HEARTBEATS * heartbeatMs;',
        replace: 'return sightings.has(slotKey(id)) && (movedAtMs ?? nowMs) + heartbeatMs > 0;',
      },
    ],
  },
  {
    name: 'departed-version-rule',
    without: 'the rule that a worker that left does not come back by what it said before',
    edits: [
      {
        file: 'src/store/follow-slots.ts',
        find: 'if (last && compareSlotVersions(version, last) <= 0) return;',
        replace: 'if (last === undefined && version === undefined) return;',
      },
      {
        file: 'src/store/follow-slots.ts',
        find: 'if (mergeSlot(known, slot) === known || (last && compareSlotVersions(slot, last) <= 0)) continue;',
        replace: 'if (mergeSlot(known, slot) === known || last === slot) continue;',
      },
    ],
  },
  {
    name: 'settle-rule',
    without: 'the wait of the first changes after the store came back',
    edits: [
      {
        file: 'src/store/settle.ts',
        find: 'return leftMs > 0 ?',
        replace: 'return leftMs === Number.POSITIVE_INFINITY ?',
      },
    ],
  },
];

/** From now on modules are loaded as the mutant has them; returns what throws when an edit was not made. */
export function plantMutant(name: string): () => void {
  const mutant = MUTANTS.find((known) => known.name === name);
  if (mutant === undefined)
    throw new Error(`no mutant is called ${name}: ${MUTANTS.map((known) => known.name).join()}`);
  const waiting = new Set(mutant.edits);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      let source = loaded.source?.toString();
      for (const edit of waiting) {
        if (source === undefined || !url.endsWith(`/${edit.file}`)) continue;
        source = makeEdit(source, edit);
        waiting.delete(edit);
      }
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
  return () => {
    const [edit] = waiting;
    if (edit !== undefined) throw new Error(`${edit.file} was not loaded, so that ${name} is no mutant`);
  };
}

function makeEdit(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
}

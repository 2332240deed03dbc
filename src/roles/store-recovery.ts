// Brings what this process knows up to the head of the store, or the store up to what this process knows (reconcile.ts): a
// store that is empty, went back in time or holds something else under a number that was given away is put right.

import { createUnavailableError, type UnavailableError } from '../api/ports.ts';
import type { Clock } from '../model/clock.ts';
import { formatProblem, type Parsed, type Problem } from '../model/problem.ts';
import {
  compareRevisionIds,
  formatRevisionId,
  type Manifest,
  type Revision,
  type RevisionId,
} from '../model/revision.ts';
import type { ConfigurationStore } from '../store/configuration-store.ts';
import { fetchRevision } from '../store/fetch-revision.ts';
import { describeCause } from '../store/store-error.ts';
import type { CheckOptions } from './check-document.ts';
import type { Known, Reading } from './known-revision.ts';
import { isReplaced, type KeepLost } from './lost-change.ts';
import { decideReconciliation, describeLoss, type Reconciliation } from './reconcile.ts';
import { textsOf } from './revision-texts.ts';

export type RecoveryOptions = CheckOptions & {
  /** Imported as the first revision when neither the store nor this process holds one. */
  readonly initial?: unknown;
};

export type RecoveryDependencies = {
  readonly store: Omit<ConfigurationStore, 'close'>;
  readonly logger: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly reading: Reading;
  readonly keepLost: KeepLost;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly known: () => Known | undefined;
  readonly adopt: (known: Known) => Promise<void>;
  readonly compose: (
    id: RevisionId,
    parent: RevisionId | null,
    words: Pick<Manifest, 'author' | 'message'>,
    texts: ReadonlyMap<string, string>,
  ) => Revision;
  readonly isClosed: () => boolean;
};

export type StoreRecovery = {
  /**
   * Refuses only an initial configuration that is needed and faulty. @throws when the store does not answer.
   * @param isChange whether a change is to follow: then nothing is taken as it was a moment ago.
   */
  synchronize(isChange?: boolean): Promise<Parsed<boolean>>;
};

const SYSTEM_AUTHOR = 'azimuth';
/** How often a store that others write to meanwhile is looked at again. */
const MAX_RECONCILIATIONS = 5;
/**
 * What the store holds under the number that is known is read no more often than this, however many ask: it names every object,
 * and of 10,000 it is a megabyte to be fetched and parsed. More objects, longer: some two hundredths of a processor go into it.
 */
const CONFIRMED_MS = 250;
const CONFIRMED_MS_PER_OBJECT = 0.5;

export function createStoreRecovery(options: RecoveryOptions, dependencies: RecoveryDependencies): StoreRecovery {
  const { store, logger, reading, keepLost, clock, adopt, compose, isClosed } = dependencies;
  /** What was told to be lost last, so that it is told once. */
  let told: Known | undefined;
  /** What the store was seen to hold, and until when (monotonic) that is taken as it was. */
  let confirmed: { readonly revision: Revision; readonly untilMs: number } | undefined;
  return { synchronize };

  async function synchronize(isChange = false): Promise<Parsed<boolean>> {
    for (let round = 0; round < MAX_RECONCILIATIONS && !isClosed(); round++) {
      const head = await store.readHead();
      const known = dependencies.known();
      const isLost = head !== undefined && known !== undefined && (await findLoss(head, known, isChange));
      const step = decideReconciliation(head, known?.revision.manifest.id, isLost);
      if (step.action === 'none' || (step.action === 'import' && options.initial === undefined)) break;
      if (isLost && step.action !== 'recommit') await noteLost(known);
      const done = await carryOut(step, known);
      if (!done.ok) return done;
    }
    return { ok: true, value: true };
  }

  async function findLoss(head: RevisionId, { revision }: Known, isChange: boolean): Promise<boolean> {
    const isHead = compareRevisionIds(head, revision.manifest.id) === 0;
    const isConfirmed = confirmed?.revision === revision && clock.monotonicMs() < confirmed.untilMs;
    if (isHead && isConfirmed && !isChange) return false;
    if (await isReplaced(store, revision)) return true;
    const forMs = Math.max(CONFIRMED_MS, CONFIRMED_MS_PER_OBJECT * revision.objects.size);
    confirmed = { revision, untilMs: clock.monotonicMs() + forMs };
    return false;
  }

  async function carryOut(
    step: Exclude<Reconciliation, { action: 'none' }>,
    known: Known | undefined,
  ): Promise<Parsed<unknown>> {
    if (step.action === 'fetch') return { ok: true, value: await adopt(await fetch(step.id)) };
    if (step.action === 'recommit') return { ok: true, value: known && (await recommit(known, step.id, step.parent)) };
    if (step.action === 'renumber') return { ok: true, value: await renumber(step.id, step.parent) };
    const checked = reading.check(options.initial, options);
    if (!checked.ok) return checked;
    const texts = reading.split(checked.value);
    const words = { author: SYSTEM_AUTHOR, message: 'import the initial configuration' };
    const revision = compose(step.id, null, words, texts);
    const result = await store.commit(revision.manifest, revision.objects);
    if (result.status === 'committed') {
      logger.info({ revision: formatRevisionId(step.id) }, 'imported the initial configuration into an empty store');
      await adopt({ revision, document: checked.value, tokens: [], keyrings: new Map(), copies: new Map() });
    }
    return { ok: true, value: result };
  }

  async function fetch(id: RevisionId): Promise<Known> {
    const fetched = await fetchRevision(store, id, dependencies.known()?.revision.objects ?? new Map());
    if (!fetched.ok) throw createUnavailableError(fetched.problems.map(formatProblem).join(' '));
    const understood = reading.understand(fetched.value);
    if (!understood.ok) throw describeUnreadable(fetched.value, understood.problems);
    return understood.value;
  }

  async function recommit(known: Known, id: RevisionId, parent: RevisionId | null): Promise<void> {
    const lost = formatRevisionId(known.revision.manifest.id);
    const found = describeLoss(parent, known.revision.manifest.id);
    const message = `recover ${lost} from the journal: the store ${found}`;
    const revision = compose(id, parent, { author: SYSTEM_AUTHOR, message }, textsOf(known.revision));
    const result = await store.commit(revision.manifest, revision.objects);
    if (result.status === 'conflict') return;
    logger.error({ revision: formatRevisionId(id), lost }, `store lost: it ${found}; recovered from the journal`);
    await adopt({ ...known, revision });
  }

  /** One number had two contents: what the store has gets a number of its own. */
  async function renumber(id: RevisionId, parent: RevisionId): Promise<void> {
    const kept = await fetch(parent);
    const message = `the store went back, and took two changes as ${formatRevisionId(parent)}: this is the later one`;
    const revision = compose(id, parent, { author: SYSTEM_AUTHOR, message }, textsOf(kept.revision));
    const result = await store.commit(revision.manifest, revision.objects);
    if (result.status === 'committed') await adopt({ ...kept, revision });
  }

  async function noteLost(lost: Known): Promise<void> {
    if (told === lost) return;
    told = lost;
    const { id, author, message } = lost.revision.manifest;
    const kept = await keepLost(lost).catch((error) => `nowhere (${describeCause(error)})`);
    logger.error(
      { revision: formatRevisionId(id), author, change: message, kept },
      'a change is lost: the store went back over it and took another one under its number; it is kept in this file',
    );
  }
}

function describeUnreadable({ manifest }: Revision, problems: readonly Problem[]): UnavailableError {
  const id = formatRevisionId(manifest.id);
  return createUnavailableError(`Revision ${id} cannot be read: ${problems.map(formatProblem).join(' ')}`);
}

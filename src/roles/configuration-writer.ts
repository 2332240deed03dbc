// The one way in which the configuration changes: checked, split into objects, committed by compare-and-set. It also keeps
// the journal of the newest revision, and puts right a store that lost it (reconcile.ts). Tokens are one more object of the
// manifest: a change of the configuration carries them over, a change of tokens carries the configuration over, and both
// are replicated, persisted and recovered together. So are the keys of signed zones, one object for each zone, and what was
// copied of zones that have primaries: going back to an old configuration never brings back old keys or old copies.

import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type CommitOptions,
  type CommitOutcome,
  type ConfigurationWriter,
  createUnavailableError,
  isUnavailableError,
  type RevisionSummary,
} from '../api/ports.ts';
import { composeTokens, type TokenRecord } from '../api/token.ts';
import { isKeyringObject, type Keyring } from '../dnssec/keyring.ts';
import type { Clock, Timer } from '../model/clock.ts';
import type { ConfigurationDocument } from '../model/configuration.ts';
import type { Copy } from '../model/copies.ts';
import { joinObjects } from '../model/objects.ts';
import { formatProblem, type Parsed } from '../model/problem.ts';
import {
  compareRevisionIds,
  formatRevisionId,
  type Manifest,
  type Revision,
  type RevisionId,
} from '../model/revision.ts';
import { backgroundClock } from '../native/system-clock.ts';
import type { CommitResult, ConfigurationStore, Subscription } from '../store/configuration-store.ts';
import { fetchRevision } from '../store/fetch-revision.ts';
import { openRevisionDisk, type RevisionDisk } from '../store/persisted-revision.ts';
import { describeCause, describeFailure, isStoreError, nameStoreFault } from '../store/store-error.ts';
import type { CheckOptions } from './check-document.ts';
import { keepCopies, putCopies } from './copies.ts';
import { JOURNAL_DIRECTORY, openJournal } from './journal.ts';
import { findUnsigned, putKeyrings } from './keyrings.ts';
import { type Known, READ_ANEW, type Reading, TOKENS_OBJECT } from './known-revision.ts';
import { type KeepLost, keepLostIn } from './lost-change.ts';
import { decideReconciliation, nextRevisionId } from './reconcile.ts';
import { composeRevision, hasSameObjects, textsOf } from './revision-texts.ts';
import { createStoreRecovery } from './store-recovery.ts';

export type WriterOptions = CheckOptions & {
  /** The journal is kept in a directory of its own below. */
  readonly stateDirectory: string;
  /** Imported as the first revision when neither the store nor the journal holds one. */
  readonly initial?: unknown;
};

export type WriterLogger = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type WriterDependencies = {
  readonly store: Omit<ConfigurationStore, 'close'>;
  readonly logger: WriterLogger;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  /** By which the store is looked at again. Default: the machine's, keeping no process alive. */
  readonly clock?: Clock;
  /** Of the journal. Default: its directory below the state directory. */
  readonly disk?: RevisionDisk;
  /** How documents are checked, and revisions read. Default: anew each time. */
  readonly reading?: Reading;
  /** Default: beside the journal. */
  readonly keepLost?: KeepLost;
};

export type RunningWriter = ConfigurationWriter & {
  /** Calls after every revision that was committed or seen; returns how to end that. */
  onChange(listener: () => void): () => void;
  /** Stops following, and waits for what is under way. The store stays open. */
  close(): Promise<void>;
};

/**
 * The store is looked at so often even if nobody says that its head has changed: a store that lost a commit of this process
 * before anyone else saw it has, for its followers, not changed at all.
 */
const LOOK_INTERVAL_MS = 1000;
/** After a look that failed. */
const RETRY_MS = 250;

/** What a revision says, and its texts by the names of their objects. */
type Content = Pick<Known, 'document' | 'tokens' | 'keyrings' | 'copies'> & {
  readonly texts: ReadonlyMap<string, string>;
};

type Prepared = {
  readonly revision: Revision;
  readonly content: Content;
  /** What it was made from. */
  readonly base: Revision | undefined;
};

/**
 * Reads the journal, puts the store right or imports the initial configuration if need be, and follows the store from then
 * on. A store that does not answer delays all of that; it is no error.
 * @returns the problems of the initial configuration, if that was needed and has any.
 */
export async function openConfigurationWriter(
  writerOptions: WriterOptions,
  dependencies: WriterDependencies,
): Promise<Parsed<RunningWriter>> {
  const options = { checkedZones: new WeakMap(), ...writerOptions };
  const { store, logger, nowMs, clock = backgroundClock, reading = READ_ANEW } = dependencies;
  const disk = dependencies.disk ?? openRevisionDisk(join(options.stateDirectory, JOURNAL_DIRECTORY));
  const journal = openJournal(disk, (error) =>
    logger.error({ err: error }, 'the configuration could not be written to the journal'),
  );
  let known: Known | undefined;
  /** For whoever looks at the store, or takes what is known in or up. */
  const inTurn = openTurns();
  /** For changes of this process, which would get in each other's way; each has several turns of the others. */
  const inTurnOfChanges = openTurns();
  let waitingLook: Promise<Parsed<boolean>> | undefined;
  let isFailing = false;
  let isClosed = false;
  let nextLook: Timer | undefined;
  const listeners = new Set<() => void>();
  const { keepLost = keepLostIn(options.stateDirectory) } = dependencies;
  const recovery = createStoreRecovery(options, {
    ...{ store, logger, reading, keepLost, clock, compose, adopt },
    known: () => known,
    isClosed: () => isClosed,
  });

  await readJournal();
  const initial = await look();
  if (!initial.ok) return initial;
  const subscription: Subscription = store.followHead(
    () => void look().then(logProblems),
    (error) => logger.warn(describeFailure(error), `${nameStoreFault(error)}: the configuration cannot be changed`),
  );
  return {
    ok: true,
    value: {
      read,
      tokens: () => known?.tokens,
      onChange,
      commit,
      commitTokens,
      commitKeys,
      commitCopies,
      history,
      readRevision,
      close,
    },
  };

  async function read() {
    const reached = await look();
    if (known === undefined) {
      if (reached.ok && reached.value) return undefined;
      throw createUnavailableError('The store does not answer, and nothing was seen of it yet.');
    }
    const { revision, document, tokens, keyrings, copies } = known;
    const stale = !(reached.ok && reached.value);
    return { id: revision.manifest.id, document, tokens, keyrings, copies, stale };
  }

  async function commit(change: CommitOptions & { readonly document: unknown }): Promise<CommitOutcome> {
    const checked = checkChange(change.document);
    if (!checked.ok) return { status: 'invalid', problems: checked.problems };
    // Of the keys that are known now: whoever changed them meanwhile has changed the revision, and this is a conflict.
    const unsigned = findUnsigned(checked.value, known);
    if (unsigned.length > 0) return { status: 'invalid', problems: unsigned };
    return commitContent(change, (base) => {
      const texts = reading.split(checked.value);
      for (const [name, text] of textsOf(base?.revision)) {
        if (name === TOKENS_OBJECT || isKeyringObject(name)) texts.set(name, text);
      }
      const { tokens = [], keyrings = new Map(), copies = new Map() } = base ?? {};
      const kept = keepCopies(textsOf(base?.revision), texts, copies, checked.value);
      return { texts, document: checked.value, tokens, keyrings, copies: kept };
    });
  }

  /** An override is for an emergency: it waits for nobody to mend what a version that asked less has let in. */
  function checkChange(document: unknown) {
    const asked = { ...options, heldCopies: known?.copies ?? new Map() };
    const checked = reading.check(document, asked);
    const isOverride = !checked.ok && known !== undefined && differInOverridesAlone(known.document, document);
    return isOverride ? reading.check(document, { ...asked, isCommitted: true }) : checked;
  }

  async function commitTokens(
    change: CommitOptions & { readonly tokens: readonly TokenRecord[] },
  ): Promise<CommitOutcome> {
    return commitContent(change, (base) => {
      if (base === undefined) return undefined;
      const texts = textsOf(base.revision).set(TOKENS_OBJECT, composeTokens(change.tokens));
      return { ...base, texts, tokens: change.tokens };
    });
  }

  async function commitKeys(change: CommitOptions & { readonly keyrings: readonly Keyring[] }): Promise<CommitOutcome> {
    return commitContent(change, (base) => {
      if (base === undefined) return undefined;
      const texts = textsOf(base.revision);
      return { ...base, texts, keyrings: putKeyrings(texts, base.keyrings, change.keyrings) };
    });
  }

  async function commitCopies(change: CommitOptions & { readonly copies: readonly Copy[] }): Promise<CommitOutcome> {
    if (known === undefined) return { status: 'unavailable', message: 'There is no configuration yet.' };
    const copies = new Map([...known.copies, ...change.copies.map((copy) => [copy.head.zone, copy] as const)]);
    // Only what was copied is new: were all of it asked anew, an upgrade or a setting that asks more would let zones expire.
    const checked = reading.check(known.document, { ...options, isCommitted: true, heldCopies: copies });
    if (!checked.ok) return { status: 'invalid', problems: checked.problems };
    return commitContent(change, (base) => {
      if (base === undefined) return undefined;
      const texts = textsOf(base.revision);
      return { ...base, texts, copies: putCopies(texts, base.copies, change.copies, base.document) };
    });
  }

  /** @param follow what is to follow `base`; undefined: nothing can. */
  function commitContent(
    change: CommitOptions,
    follow: (base: Known | undefined) => Content | undefined,
  ): Promise<CommitOutcome> {
    return inTurnOfChanges(async () => {
      try {
        const prepared = await inTurn(() => prepare(change, follow));
        if (!('revision' in prepared)) return prepared;
        const { revision, content, base } = prepared;
        const { id } = revision.manifest;
        // Not in turn: a store that came back makes a change wait until all have brought back what it lost, and so must we.
        const result = await commitNew(revision, base);
        if (result.status === 'conflict') return result;
        logger.info({ revision: formatRevisionId(id), author: change.author, change: change.message }, 'committed');
        await inTurn(() => adoptCommitted({ ...content, revision }));
        return { status: 'committed', id };
      } catch (error) {
        if (isStoreError(error) || isUnavailableError(error)) return { status: 'unavailable', message: error.message };
        throw error;
      }
    });
  }

  /** What is to be committed, on top of what the store holds now; or why nothing is. */
  async function prepare(
    change: CommitOptions,
    follow: (base: Known | undefined) => Content | undefined,
  ): Promise<CommitOutcome | Prepared> {
    await recovery.synchronize(true);
    const base = known?.revision.manifest.id;
    if (!isSame(base, change.expected)) return { status: 'conflict', head: base ?? null };
    const content = follow(known);
    if (content === undefined) return { status: 'unavailable', message: 'There is no configuration yet.' };
    const revision = compose(nextRevisionId(base, change.above), change.expected, change, content.texts);
    const { id } = revision.manifest;
    const isAbove = base !== undefined && id.generation > base.generation;
    if (known && base && !isAbove && hasSameObjects(known.revision, revision)) return { status: 'unchanged', id: base };
    if (change.dryRun === true) return { status: 'would-commit', id };
    return { revision, content, base: known?.revision };
  }

  /** Of a large configuration nearly all is in the store already, and is neither sent nor written again. */
  async function commitNew(revision: Revision, base: Revision | undefined): Promise<CommitResult> {
    const fresh = new Map([...revision.objects].filter(([hash]) => base?.objects.has(hash) !== true));
    try {
      return await store.commit(revision.manifest, fresh);
    } catch (error) {
      if (!isStoreError(error) || error.code !== 'STORE_INCOMPLETE') throw error;
      return store.commit(revision.manifest, revision.objects);
    }
  }

  async function history(limit: number, before?: RevisionId) {
    const manifests = await store.listManifests(limit, before).catch(failUnavailable);
    return manifests.map(summarize);
  }

  async function readRevision(id: RevisionId) {
    const manifest = await store.readManifest(id).catch(failUnavailable);
    if (manifest === undefined) return undefined;
    const revision = await fetchRevision(store, id, known?.revision.objects ?? new Map()).catch(failUnavailable);
    const document = revision.ok ? joinObjects(textsOf(revision.value)) : revision;
    if (!document.ok) throw createUnavailableError(document.problems.map(formatProblem).join(' '));
    return { ...summarize(manifest), document: document.value };
  }

  async function close(): Promise<void> {
    isClosed = true;
    nextLook?.cancel();
    subscription.close();
    await inTurnOfChanges(async () => undefined);
    await inTurn(async () => undefined);
  }

  async function readJournal(): Promise<void> {
    const kept = await journal.read();
    if (kept.status === 'damaged') logger.error({ problems: kept.problems }, 'the journal cannot be used');
    if (kept.status !== 'read') return;
    const understood = reading.understand(kept.value);
    if (understood.ok) known = understood.value;
    else
      logger.error({ problems: understood.problems }, 'the journal holds no configuration that this version can read');
  }

  /**
   * Whether the store answered; the problems of the initial configuration when that would have been imported. All who ask
   * while one look waits for its turn share it, so that a slow store is not asked once for each of them.
   */
  function look(): Promise<Parsed<boolean>> {
    waitingLook ??= inTurn(async () => {
      waitingLook = undefined;
      try {
        const reached = await recovery.synchronize();
        isFailing = false;
        lookIn(LOOK_INTERVAL_MS);
        return reached;
      } catch (error) {
        if (!isFailing)
          logger.warn(describeFailure(error), 'the store could not be read: the last configuration seen is kept');
        isFailing = true;
        lookIn(RETRY_MS);
        return { ok: true, value: false };
      }
    });
    return waitingLook;
  }

  function lookIn(delayMs: number): void {
    nextLook?.cancel();
    if (!isClosed) nextLook = clock.schedule(delayMs, () => void look().then(logProblems));
  }

  async function adopt({ revision, document, tokens, keyrings, copies }: Known): Promise<void> {
    known = { revision, document, tokens, keyrings, copies };
    await journal.write(revision);
    for (const listener of listeners) listener();
  }

  /** Between a commit and this a look may have taken in what was made from it; what was made without it the next look puts right. */
  async function adoptCommitted(next: Known): Promise<void> {
    const present = known?.revision.manifest.id;
    const isPast = present && decideReconciliation(present, next.revision.manifest.id).action === 'fetch';
    if (!isPast) await adopt(next);
  }

  function onChange(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  function compose(
    id: RevisionId,
    parent: RevisionId | null,
    { author, message }: Pick<Manifest, 'author' | 'message'>,
    texts: ReadonlyMap<string, string>,
  ): Revision {
    return composeRevision({ id, parent, author, message, createdAtMs: nowMs() }, texts);
  }

  function logProblems(outcome: Parsed<unknown>): void {
    if (!outcome.ok) logger.error({ problems: outcome.problems }, 'the initial configuration cannot be imported');
  }
}

/** Runs what it is given one after the other; a failure is for its own caller alone. */
function openTurns() {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

function differInOverridesAlone(before: ConfigurationDocument, after: unknown): boolean {
  if (typeof after !== 'object' || after === null) return false;
  return isDeepStrictEqual({ ...before, overrides: [] }, { ...after, overrides: [] });
}

function isSame(id: RevisionId | undefined, expected: RevisionId | null): boolean {
  if (id === undefined || expected === null) return id === undefined && expected === null;
  return compareRevisionIds(id, expected) === 0;
}

function summarize({ id, parent, author, message, createdAtMs }: Manifest): RevisionSummary {
  return { id, parent, author, message, createdAtMs };
}

function failUnavailable(cause: unknown): never {
  throw createUnavailableError(describeCause(cause), cause);
}

// Keeps the keys of signed zones going, in the api role: makes those that are missing, asks the parents for their DS, and takes
// each step when its time has come. What it decides is pure (dnssec/advance-keys.ts) and committed by compare-and-set like any
// change, so that several API nodes may all do it: of two the slower finds the work done.

import type { ConfigurationWriter, CurrentConfiguration, KeyState } from '../api/ports.ts';
import { type Advance, advanceKeys, type KeyStep } from '../dnssec/advance-keys.ts';
import { isInsecure } from '../dnssec/key-goals.ts';
import { carryUnsigned, holdUnsigned } from '../dnssec/key-timing.ts';
import {
  createKeyring,
  type HeldTtl,
  isUsed,
  type KeyRecord,
  type Keyring,
  MAX_KEYS_PER_ZONE,
} from '../dnssec/keyring.ts';
import { renewCopies } from '../dnssec/renew-copies.ts';
import { listSignedZones, listZoneTtls, type SignedZone, type ZoneTtl } from '../dnssec/signed-zones.ts';
import { makeKeyRecord } from '../keys/make-key-record.ts';
import { type KeySecret, unsealKey } from '../keys/seal-key.ts';
import { formatRevisionId } from '../model/revision.ts';
import { type ParentWatch, sightOf } from './parent-watch.ts';

export type KeyKeeperDependencies = {
  readonly writer: Pick<ConfigurationWriter, 'read' | 'commitKeys'> & { onChange(listener: () => void): () => void };
  /** Undefined: no zone can be signed here, and none is. */
  readonly secret: KeySecret | undefined;
  readonly parents: ParentWatch;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
};

export type KeyKeeper = {
  /** What is known of the keys of a zone, as of the last look; undefined: it is not signed. */
  state(zone: string): KeyState | undefined;
  states(): readonly KeyState[];
  /** Looks now, and asks the parent of this zone anew. Resolves when all is done. */
  look(zone?: string): Promise<void>;
  stop(): Promise<void>;
};

/** After a change, so that several at once are one look. */
const CHANGE_PAUSE_MS = 50;
/** However long nothing is due: a clock may be set. */
const MAX_PAUSE_MS = 600_000;
const MIN_PAUSE_MS = 200;
const RETRY_MS = 10_000;
/** Looks that lose a race against another node, one after another. */
const MAX_TRIES = 5;
/** A commit that took longer than this, in a process that was stopped meanwhile, has times that are too early. */
const MAX_COMMIT_MS = 60_000;
/** Making one takes a fraction of a millisecond, in which nothing else happens: of thousands the rest are made a moment later. */
const MAX_MADE_AT_ONCE = 256;
/** Until every node answers by a new revision, where a zone that is not signed does not say. */
const PROPAGATION_SECONDS = 3600;
const AUTHOR = 'azimuth';
const COPIES_RENEWED = 'servers that copy it get new signatures, with a new serial';

export function startKeyKeeper(dependencies: KeyKeeperDependencies): KeyKeeper {
  const { writer, parents, logger, nowMs } = dependencies;
  let looks: ReadonlyMap<string, Look> = new Map();
  /** By zone, how long caches may hold what no key of ours has signed: of what is in no keyring only memory knows. */
  let unsignedTtls: ReadonlyMap<string, HeldTtl> = new Map();
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let isStopped = false;
  let usableSecret = dependencies.secret;
  let madeAtOnce = 0;
  let tried: { readonly key: KeyRecord; readonly isOurs: boolean } | undefined;
  const unsubscribe = writer.onChange(() => schedule(CHANGE_PAUSE_MS));
  schedule(0);
  return {
    state: (zone) => looks.get(zone)?.state,
    states: () => [...looks.values()].map(({ state }) => state),
    async look(zone) {
      await parents.ask(zone === undefined ? [] : [zone]);
      await inTurn(look);
    },
    async stop() {
      isStopped = true;
      unsubscribe();
      clearTimeout(timer);
      await turn;
    },
  };

  function schedule(pauseMs: number): void {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void inTurn(run), pauseMs);
    timer.unref();
  }

  function inTurn(work: () => Promise<unknown>): Promise<unknown> {
    turn = turn.then(work).catch((error) => {
      logger.warn({ err: error }, 'the keys of signed zones could not be looked after: tried again');
      schedule(RETRY_MS);
    });
    return turn;
  }

  async function run(): Promise<void> {
    const waiting = [...looks.values()].flatMap(({ state }) => (state.awaitsParent ? [state.zone] : []));
    const current = await writer.read();
    const zones = current === undefined ? [] : listSignedZones(current.document).map(({ zone }) => zone);
    await parents.refresh(zones, new Set(waiting));
    schedule(await look());
  }

  /** Takes every step that is due. Answers how long to wait for the next. */
  async function look(): Promise<number> {
    for (let tries = 0; tries < MAX_TRIES && !isStopped; tries++) {
      const current = await writer.read();
      if (current === undefined || current.stale) return RETRY_MS;
      const startedMs = nowMs();
      usableSecret = chooseSecret(current);
      madeAtOnce = 0;
      noteUnsigned(listZoneTtls(current.document, current.copies), current, startedMs);
      const done = listSignedZones(current.document, current.copies).map((zone) => lookAt(zone, current, startedMs));
      const changed = [...done.filter(({ isChanged }) => isChanged).map(({ keyring }) => keyring), ...idle(current)];
      looks = new Map(done.map((each) => [each.state.zone, each]));
      if (changed.length === 0) return pauseUntilNext(done);
      const outcome = await commit(current, changed, done);
      if (outcome === 'lost') continue;
      if (outcome === 'failed') return RETRY_MS;
      if (nowMs() - startedMs > MAX_COMMIT_MS) await putRight(changed, startedMs);
      if (madeAtOnce >= MAX_MADE_AT_ONCE) break;
    }
    return MIN_PAUSE_MS;
  }

  /** Where nothing that it depends on is different, it is as it was: there may be thousands of zones. */
  function lookAt(signed: SignedZone, { keyrings }: CurrentConfiguration, atMs: number): Look {
    const { zone, policy, zoneTtlSeconds, hasCopies } = signed;
    const kept = looks.get(zone);
    const parent = parents.answer(zone);
    const isSame =
      kept !== undefined &&
      !kept.isChanged &&
      kept.keyring === keyrings.get(zone) &&
      kept.state.policy === policy &&
      kept.zoneTtlSeconds === zoneTtlSeconds &&
      kept.hasCopies === hasCopies &&
      kept.state.parent === parent &&
      kept.atMs <= atMs &&
      atMs < (kept.nextAtMs ?? Number.POSITIVE_INFINITY);
    return isSame ? kept : advance(signed, keyrings.get(zone) ?? createKeyring(zone), atMs);
  }

  function noteUnsigned(zones: readonly ZoneTtl[], { keyrings }: CurrentConfiguration, atMs: number): void {
    unsignedTtls = new Map(
      zones.map(({ zone, policy, zoneTtlSeconds }) => {
        const propagationSeconds = policy?.propagationSeconds ?? PROPAGATION_SECONDS;
        const held = unsignedTtls.get(zone);
        return [zone, holdUnsigned(held, keyrings.get(zone), zoneTtlSeconds, propagationSeconds, atMs)];
      }),
    );
  }

  function advance({ zone, policy, zoneTtlSeconds, hasCopies }: SignedZone, before: Keyring, atMs: number): Look {
    let keyring = carryUnsigned(before, unsignedTtls.get(zone));
    const steps: KeyStep[] = [];
    let last: Advance;
    do {
      const parent = sightOf(parents.answer(zone), keyring);
      last = advanceKeys(keyring, policy, { zoneTtlSeconds, parent }, atMs);
      steps.push(...last.steps);
      const made = makeKeys(last, atMs);
      keyring = made.length === 0 ? last.keyring : { ...last.keyring, keys: [...last.keyring.keys, ...made] };
      for (const { id, role } of made) steps.push({ keyId: id, text: `a ${role.toUpperCase()} is made` });
      if (made.length === 0) break;
    } while (keyring.keys.length <= MAX_KEYS_PER_ZONE);
    const renewed = renewCopies(keyring, hasCopies, policy.signatureSeconds, atMs);
    if (renewed.keyring !== keyring) steps.push({ keyId: undefined, text: COPIES_RENEWED });
    keyring = renewed.keyring;
    const { waiting, nextAtMs } = last;
    const hint = usableSecret === undefined ? ['this process has not the secret that the keys are kept with'] : [];
    const answer = parents.answer(zone);
    const awaitsParent = keyring.keys.some(({ ds }) => isAwaited(ds)) || policy.withdraw;
    const state = { zone, policy, keyring, waiting: [...hint, ...waiting], nextAtMs, awaitsParent, parent: answer };
    // Without keys there is nothing to remember.
    const isChanged = keyring !== before && (keyring.keys.length > 0 || before.keys.length > 0);
    const dueMs = leastOf(nextAtMs, renewed.nextAtMs);
    return { keyring, steps, state, isChanged, atMs, nextAtMs: dueMs, zoneTtlSeconds, hasCopies };
  }

  /** Ours, unless the keys that are there were made with another: what we would make could then not be read beside them. */
  function chooseSecret({ keyrings }: CurrentConfiguration): KeySecret | undefined {
    const { secret } = dependencies;
    const keyring = firstUsed(keyrings.values());
    const [key] = keyring?.keys ?? [];
    if (secret === undefined || keyring === undefined || key === undefined) return secret;
    if (tried?.key !== key) {
      const isOurs = unsealKey(secret, { ...key, zone: keyring.zone }, key.sealed) !== undefined;
      if (!isOurs && tried?.isOurs !== false) {
        logger.warn(
          { zone: keyring.zone, key: key.id },
          'dnssec.secretFile is not that of the other nodes: no key is made here',
        );
      }
      tried = { key, isOurs };
    }
    return tried?.isOurs === true ? secret : undefined;
  }

  function makeKeys({ wanted, keyring }: Advance, createdAtMs: number): readonly KeyRecord[] {
    const secret = usableSecret;
    if (secret === undefined || madeAtOnce >= MAX_MADE_AT_ONCE) return [];
    madeAtOnce += wanted.length;
    return wanted.map(({ role, algorithm }) => makeKeyRecord(secret, algorithm, { role, createdAtMs }, keyring));
  }

  async function commit(
    current: CurrentConfiguration,
    keyrings: readonly Keyring[],
    done: readonly Look[],
  ): Promise<'done' | 'lost' | 'failed'> {
    const steps = done.flatMap(({ keyring, steps: own }) => own.map((step) => ({ zone: keyring.zone, ...step })));
    const message = describeSteps(steps, keyrings);
    const outcome = await writer.commitKeys({ expected: current.id, author: AUTHOR, message, keyrings });
    if (outcome.status === 'conflict') return 'lost';
    if (outcome.status !== 'committed' && outcome.status !== 'unchanged') {
      logger.warn({ outcome }, 'the keys of signed zones could not be committed: tried again');
      return 'failed';
    }
    for (const { zone, keyId, text } of steps) {
      logger.info({ zone, key: keyId, step: text, revision: formatRevisionId(outcome.id) }, 'a step of DNSSEC keys');
    }
    return 'done';
  }

  /** The process stood still between deciding and committing: what began then has begun only now. */
  async function putRight(keyrings: readonly Keyring[], decidedMs: number): Promise<void> {
    const current = await writer.read();
    if (current === undefined) return;
    const lateMs = nowMs();
    const late = keyrings.flatMap(({ zone }) => {
      const keyring = current.keyrings.get(zone);
      return keyring === undefined ? [] : [delayPhases(keyring, decidedMs, lateMs)];
    });
    const message = 'put right the times of keys: the commit came late';
    await writer.commitKeys({ expected: current.id, author: AUTHOR, message, keyrings: late });
  }

  function pauseUntilNext(done: readonly Look[]): number {
    const nextMs = done.reduce((least, { nextAtMs }) => Math.min(least, nextAtMs ?? least), Number.POSITIVE_INFINITY);
    const isAwaiting = done.some(({ state }) => state.awaitsParent);
    const pauseMs = Math.min(nextMs - nowMs(), isAwaiting ? parents.waitingIntervalMs : parents.intervalMs);
    return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, pauseMs));
  }
}

type Look = {
  readonly keyring: Keyring;
  readonly steps: readonly KeyStep[];
  readonly state: KeyState;
  readonly isChanged: boolean;
  readonly zoneTtlSeconds: number;
  readonly hasCopies: boolean;
  /** When it was: a clock may be set back. */
  readonly atMs: number;
  readonly nextAtMs: number | undefined;
};

function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function firstUsed(keyrings: Iterable<Keyring>): Keyring | undefined {
  for (const keyring of keyrings) if (keyring.keys.length > 0) return keyring;
  return undefined;
}

/** Asked of the parent, and not seen to be done. */
function isAwaited({ name, parentSinceMs }: KeyRecord['ds']): boolean {
  return (name === 'rumoured' || name === 'unretentive') && parentSinceMs === undefined;
}

/**
 * Zones that are signed no more and that nobody takes for signed: their keys are thrown away, as their phases are not true.
 * Those that were brought along stay: their DS may stand at a parent that cannot be asked.
 */
function idle({ document, keyrings }: CurrentConfiguration): readonly Keyring[] {
  const signed = new Set(listSignedZones(document).map(({ zone }) => zone));
  return [...keyrings.values()]
    .filter((keyring) => !signed.has(keyring.zone) && isInsecure(keyring) && isUsed(keyring))
    .filter(({ keys }) => !keys.some(({ isImported }) => isImported))
    .map((keyring) => ({ ...keyring, keys: [] }));
}

function delayPhases(keyring: Keyring, fromMs: number, toMs: number): Keyring {
  const delay = <Kind extends KeyRecord['ds']>(phase: Kind): Kind => ({
    ...phase,
    sinceMs: phase.sinceMs === fromMs ? toMs : phase.sinceMs,
    ...(phase.parentSinceMs === fromMs && { parentSinceMs: toMs }),
  });
  const keys = keyring.keys.map((key) => ({
    ...key,
    dnskey: delay(key.dnskey),
    signatures: delay(key.signatures),
    ds: delay(key.ds),
  }));
  return { ...keyring, keys };
}

const MAX_MESSAGE_STEPS = 3;

/** One line for the history. */
function describeSteps(
  steps: readonly { readonly zone: string; readonly keyId: string | undefined; readonly text: string }[],
  keyrings: readonly Keyring[],
): string {
  if (steps.length === 0)
    return `note of the keys of ${keyrings
      .map(({ zone }) => zone)
      .slice(0, 3)
      .join(', ')}`;
  const told = steps.slice(0, MAX_MESSAGE_STEPS).map(({ zone, keyId, text }) => `${keyId ?? zone}: ${text}`);
  const more = steps.length > told.length ? `; and ${steps.length - told.length} more` : '';
  return `keys of ${[...new Set(steps.map(({ zone }) => zone))].slice(0, 3).join(', ')}: ${told.join('; ')}${more}`;
}

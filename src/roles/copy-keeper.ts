// Keeps the copies of zones that have primaries up to date, in the api role (RFC 1034 section 4.3.5, RFC 1996): asks as often as
// each zone's SOA says, and at once when a node heard a NOTIFY; commits what is new by compare-and-set like any change, so that
// several API nodes may all do it. What cannot be fetched, read or served leaves the copy before in force, until it expires.
//
//   a primary has        done
//   the same serial      noted; committed where the last note is older than a quarter of `expire`
//   a newer one          fetched, checked, committed
//   an older one, or
//   nothing to say       the next primary is asked; then again after `retry`
//   none for `expire`    the copy is marked as expired, which withholds it

import type { ConfigurationWriter, CopyState, CurrentConfiguration } from '../api/ports.ts';
import type { Copy, CopyHead } from '../model/copies.ts';
import { type DnsServer, formatDnsServer } from '../model/dns-server.ts';
import { normalizeKey } from '../model/edit-document.ts';
import { parsePrimaries } from '../model/parse-primaries.ts';
import { readSeconds } from '../model/scalar.ts';
import { isNewerSerial } from '../transfer/serial.ts';
import { type AskDependencies, askPrimary } from './ask-primary.ts';
import { type CopyEdit, openCopyCommits } from './copy-commits.ts';
import { nextLookMs, startPauseMs } from './copy-times.ts';

export type CopyKeeperDependencies = AskDependencies & {
  readonly writer: Pick<ConfigurationWriter, 'read' | 'commitCopies'> & { onChange(listener: () => void): () => void };
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Milliseconds of a clock that nobody sets. */
  readonly steadyMs: () => number;
  /** 0 to 1. */
  readonly chance: () => number;
};

export const COPY_OUTCOMES = ['current', 'changes', 'whole', 'refused', 'failed'] as const;
export type CopyOutcome = (typeof COPY_OUTCOMES)[number];

export type CopyKeeper = {
  /** Undefined: the zone has no primaries, or was not seen yet. */
  state(zone: string): CopyState | undefined;
  states(): readonly CopyState[];
  readonly counts: Readonly<Record<CopyOutcome, number>>;
  /** A primary says that it has something new. */
  hint(hint: { readonly zone: string; readonly address: string }): void;
  /** Asks now, and resolves when that is done. `isWhole`: the zone is fetched whole, whatever serial it has. */
  fetch(zone: string, isWhole: boolean): Promise<void>;
  stop(): Promise<void>;
};

/** Zones that are fetched at once, by this process. */
const MAX_FETCHES = 8;
/** Of these, with the same first primary: one that is silent must not keep the zones of all others waiting. */
const MAX_FETCHES_PER_PRIMARY = 4;
const MIN_PAUSE_MS = 10;
const MAX_PAUSE_MS = 600_000;
/** Where the configuration could not be read, or changed meanwhile. */
const STALE_PAUSE_MS = 200;
/** The share of `expire` after which it is committed that a primary had nothing newer. */
const NOTED_SHARE = 4;
/** Whatever the SOA says: with an `expire` of 0 a copy would expire each time that a primary has answered (cf. copy-times.ts). */
const MIN_EXPIRE_SECONDS = 20;

type Watched = {
  readonly zone: string;
  primaries: readonly DnsServer[];
  head: CopyHead | undefined;
  /** By the steady clock: when a primary last had nothing newer than `head`; of a copy that was there, reckoned from what it says. */
  contactMs: number | undefined;
  nextMs: number;
  failures: number;
  problem: string | undefined;
  /** Who is to be asked first, for they said that they have something. */
  hinted: string | undefined;
  /** Somebody wants it as its primary has it, whole and whatever its serial. */
  isWhole: boolean;
  /** What came of changes could not be served, which may be because of what they were made to. */
  isDoubtful: boolean;
  working: Promise<void> | undefined;
  /** Something came up while it was being asked about. */
  isAgain: boolean;
};

export function startCopyKeeper(dependencies: CopyKeeperDependencies): CopyKeeper {
  const { writer, logger, nowMs, steadyMs, chance } = dependencies;
  const counts: Record<CopyOutcome, number> = { current: 0, changes: 0, whole: 0, refused: 0, failed: 0 };
  const commitCopy = openCopyCommits(writer);
  const watched = new Map<string, Watched>();
  /** Those that are being asked about. */
  const underWay = new Set<Watched>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isStale = true;
  const unsubscribe = writer.onChange(() => {
    isStale = true;
    look();
  });
  look();
  return {
    counts,
    state: (zone) => describe(watched.get(zone)),
    states: () => [...watched.values()].flatMap((zone) => describe(zone) ?? []),
    hint({ zone: name, address }) {
      const zone = watched.get(name);
      if (zone === undefined) return;
      zone.hinted = address;
      askSoon(zone);
    },
    async fetch(name, isWhole) {
      await (looking ?? update());
      const zone = watched.get(name);
      if (zone === undefined) return;
      // Whoever waited too may have begun before.
      while (zone.working !== undefined) await zone.working;
      zone.isWhole ||= isWhole;
      begin(zone);
      await zone.working;
    },
    async stop() {
      stopping.abort();
      unsubscribe();
      clearTimeout(timer);
      await looking;
      await Promise.all([...underWay].map(({ working }) => working));
    },
  };

  function askSoon(zone: Watched): void {
    if (zone.working !== undefined) zone.isAgain = true;
    zone.nextMs = steadyMs();
    look();
  }

  /** Sees what is due, now or when it will be. */
  function look(): void {
    if (stopping.signal.aborted) return;
    clearTimeout(timer);
    looking ??= startDue()
      .catch((error: unknown) => logger.warn({ err: error }, 'copies of zones could not be looked after: tried again'))
      .then(() => {
        looking = undefined;
        if (stopping.signal.aborted) return;
        timer = setTimeout(look, isStale ? STALE_PAUSE_MS : pauseUntilDue()).unref();
      });
  }

  /** Whichever ends first makes room for those that have none, and looks again. */
  function pauseUntilDue(): number {
    const ready = [...watched.values()].filter((zone) => hasRoom(zone));
    const nextMs = ready.reduce((least, zone) => Math.min(least, zone.nextMs), Number.POSITIVE_INFINITY);
    return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, nextMs - steadyMs()));
  }

  /** Those first of which a primary has said that it has something. */
  async function startDue(): Promise<void> {
    if (isStale) await update();
    const due = [...watched.values()]
      .filter(({ working, nextMs }) => working === undefined && nextMs <= steadyMs())
      .sort((a, b) => Number(a.hinted === undefined) - Number(b.hinted === undefined) || a.nextMs - b.nextMs);
    for (const zone of due) if (hasRoom(zone)) begin(zone);
  }

  function hasRoom({ working, primaries: [first] }: Watched): boolean {
    if (working !== undefined || underWay.size >= MAX_FETCHES) return false;
    const beside = [...underWay].filter(({ primaries }) => primaries[0]?.address === first?.address);
    return beside.length < MAX_FETCHES_PER_PRIMARY;
  }

  function begin(zone: Watched): void {
    if (stopping.signal.aborted) return;
    underWay.add(zone);
    zone.working ??= ask(zone).finally(() => {
      zone.working = undefined;
      underWay.delete(zone);
      if (zone.isAgain) zone.nextMs = steadyMs();
      zone.isAgain = false;
      look();
    });
  }

  /** What the configuration says now. */
  async function update(): Promise<void> {
    isStale = false;
    const current = await writer.read().catch(() => undefined);
    if (current === undefined) {
      isStale = true;
      return;
    }
    const fed = listFed(current);
    for (const name of watched.keys()) if (!fed.has(name)) watched.delete(name);
    for (const [name, primaries] of fed) {
      const known = watched.get(name);
      const zone = known ?? createWatched(name, steadyMs() + startPauseMs(watched.size, chance()));
      watched.set(name, zone);
      if (known !== undefined && !isSameList(known.primaries, primaries)) zone.nextMs = steadyMs();
      zone.primaries = primaries;
      noteHead(zone, current.copies.get(name)?.head);
    }
  }

  /** Of what another node has committed counts what is newer. */
  function noteHead(zone: Watched, head: CopyHead | undefined): void {
    zone.head = head;
    if (head === undefined) return;
    const contactMs = steadyMs() - Math.max(0, nowMs() - head.checkedAtMs);
    zone.contactMs = Math.max(zone.contactMs ?? contactMs, contactMs);
  }

  async function ask(zone: Watched): Promise<void> {
    try {
      const problem = await askPrimaries(zone);
      tell(zone, problem);
    } catch (error) {
      tell(zone, `it could not be asked for: ${error instanceof Error ? error.message : String(error)}`);
    }
    await expire(zone).catch((error: unknown) => tell(zone, `that it expired could not be noted: ${String(error)}`));
    const expireMs = 1000 * expireOf(zone.head);
    const leftMs = zone.contactMs === undefined ? Number.POSITIVE_INFINITY : zone.contactMs + expireMs - steadyMs();
    zone.nextMs = steadyMs() + nextLookMs(zone.head?.soa, zone.failures, leftMs, chance());
  }

  function tell(zone: Watched, problem: string | undefined): void {
    if (stopping.signal.aborted) return;
    const { zone: name, failures } = zone;
    if (problem !== undefined && problem !== zone.problem)
      logger.warn(
        { zone: name, reason: problem },
        'a zone could not be copied from its primaries: what there is of it stays',
      );
    if (problem === undefined && failures > 0)
      logger.info({ zone: name }, 'the zone is copied from its primaries again');
    zone.failures = problem === undefined ? 0 : failures + 1;
    zone.problem = problem;
  }

  /** Asks one primary after the other until one has an answer that can be used. Returns what is wrong with all of them. */
  async function askPrimaries(zone: Watched): Promise<string | undefined> {
    const { hinted, isWhole, isDoubtful } = zone;
    zone.hinted = undefined;
    zone.isWhole = false;
    zone.isDoubtful = false;
    const order = zone.primaries.toSorted((a, b) => Number(b.address === hinted) - Number(a.address === hinted));
    const problems: string[] = [];
    for (const primary of order) {
      const problem = await askOne(zone, primary, isWhole, isWhole || isDoubtful);
      if (problem === undefined || stopping.signal.aborted) return undefined;
      problems.push(`${formatDnsServer(primary)}: ${problem}`);
    }
    return problems.join('; ');
  }

  /** `mayGoBack`: to an older serial. */
  async function askOne(
    zone: Watched,
    primary: DnsServer,
    mayGoBack: boolean,
    isWhole: boolean,
  ): Promise<string | undefined> {
    const held = (await writer.read())?.copies.get(zone.zone);
    const answer = await askPrimary(dependencies, { zone: zone.zone, primary, held, isWhole, signal: stopping.signal });
    const problem =
      answer.status === 'current'
        ? await noteContact(zone, nowMs())
        : 'copy' in answer
          ? await commitNew(zone, answer.copy, mayGoBack)
          : answer.reason;
    zone.isDoubtful ||= problem !== undefined && answer.status === 'changes';
    counts[problem !== undefined && answer.status !== 'failed' ? 'refused' : answer.status]++;
    return problem;
  }

  async function commitNew(zone: Watched, copy: Copy, mayGoBack: boolean): Promise<string | undefined> {
    const { serial, primary } = copy.head;
    let thereSerial: number | undefined;
    const problem = await commit(zone, `copy serial ${serial} of ${zone.zone} from ${primary}`, (before) => {
      // Another node was faster, unless somebody wants what the primary has: without a new serial, or with an older one.
      const isThere = !mayGoBack && before !== undefined && !isNewerSerial(serial, before.head.serial);
      thereSerial = isThere ? before.head.serial : undefined;
      return isThere ? undefined : copy;
    });
    if (problem !== undefined) return problem;
    if (thereSerial === serial) return undefined;
    if (thereSerial !== undefined) return `it has the serial ${serial}, not newer than ${thereSerial}`;
    logger.info(
      { zone: zone.zone, serial, primary, records: copy.records.length },
      'a zone was copied from its primary',
    );
    return undefined;
  }

  /** A primary has nothing newer than what is held. */
  async function noteContact(zone: Watched, atMs: number): Promise<string | undefined> {
    zone.contactMs = steadyMs();
    const { head } = zone;
    const isNoted = head !== undefined && atMs - head.checkedAtMs < (1000 * expireOf(head)) / NOTED_SHARE;
    if (head === undefined || (isNoted && head.expired !== true)) return undefined;
    return commit(zone, `note that the copy of ${zone.zone} is up to date`, (before) => {
      if (before === undefined) return undefined;
      const { expired: _, ...fresh } = before.head;
      return { ...before, head: { ...fresh, checkedAtMs: atMs } };
    });
  }

  /** RFC 1035 section 3.3.13: after EXPIRE without a word of any primary "the zone is no longer authoritative". */
  async function expire(zone: Watched): Promise<void> {
    const { head, contactMs } = zone;
    if (head === undefined || head.expired === true || contactMs === undefined || stopping.signal.aborted) return;
    if (steadyMs() - contactMs < 1000 * expireOf(head)) return;
    const problem = await commit(zone, `the copy of ${zone.zone} has expired`, (before) =>
      before === undefined || before.head.checkedAtMs > head.checkedAtMs
        ? undefined
        : { ...before, head: { ...before.head, expired: true } },
    );
    if (problem === undefined)
      logger.warn({ zone: zone.zone }, 'the copy of a zone has expired: it is withheld until a primary answers');
  }

  /** Returns what is wrong. */
  async function commit(zone: Watched, message: string, edit: CopyEdit['edit']): Promise<string | undefined> {
    const done = await commitCopy({ zone: zone.zone, message, edit });
    if (done.status === 'failed') return done.reason;
    if (done.status === 'unchanged') return undefined;
    if (done.copy.head.expired !== true) zone.contactMs = steadyMs();
    zone.head = done.copy.head;
    return undefined;
  }

  function describe(zone: Watched | undefined): CopyState | undefined {
    if (zone === undefined) return undefined;
    const { head, contactMs } = zone;
    const wallOf = (ms: number) => nowMs() + (ms - steadyMs());
    return {
      zone: zone.zone,
      primaries: zone.primaries,
      copy: head,
      checkedAtMs: head === undefined || contactMs === undefined ? undefined : wallOf(contactMs),
      nextAtMs: wallOf(zone.nextMs),
      isFetching: zone.working !== undefined,
      problem: zone.problem,
    };
  }
}

function createWatched(zone: string, nextMs: number): Watched {
  return {
    zone,
    primaries: [],
    head: undefined,
    contactMs: undefined,
    nextMs,
    failures: 0,
    problem: undefined,
    hinted: undefined,
    isWhole: false,
    isDoubtful: false,
    working: undefined,
    isAgain: false,
  };
}

/** Seconds: where that is before `refresh`, it is asked once more just then. */
function expireOf(head: CopyHead | undefined): number {
  const { expire } = head?.soa ?? {};
  return Math.max(MIN_EXPIRE_SECONDS, expire === undefined ? 0 : (readSeconds(expire) ?? 0));
}

/** By the name of each zone that has primaries, these. */
function listFed({ document }: CurrentConfiguration): ReadonlyMap<string, readonly DnsServer[]> {
  const fed = document.zones.flatMap(({ name, primaries }) =>
    primaries === undefined
      ? []
      : [[normalizeKey('zones', name), parsePrimaries(primaries, '', () => undefined)] as const],
  );
  return new Map(fed);
}

function isSameList(a: readonly DnsServer[], b: readonly DnsServer[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

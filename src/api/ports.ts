// What the API needs of the rest of the system. Roles provide it (src/roles), so that the API knows neither stores nor
// transports, and tests hand in what they like.

import type { Explanation } from '../answer/explanation.ts';
import type { Digest } from '../dnssec/dnskey.ts';
import type { KeyRecord, KeyRole, Keyring } from '../dnssec/keyring.ts';
import type { Abstention } from '../health/abstention.ts';
import type { Stranger } from '../health/admission.ts';
import type { HealthJudgement } from '../health/cluster-health.ts';
import type { Verdicts } from '../health/verdict.ts';
import type { Configuration, ConfigurationDocument } from '../model/configuration.ts';
import type { Copy, CopyHead } from '../model/copies.ts';
import type { DnsServer } from '../model/dns-server.ts';
import type { DnssecPolicy } from '../model/dnssec.ts';
import type { LoadReport, StoredLoadReport } from '../model/load-report.ts';
import type { Problem } from '../model/problem.ts';
import type { RevisionId } from '../model/revision.ts';
import type { TokenRecord } from './token.ts';

export type CurrentConfiguration = {
  readonly id: RevisionId;
  readonly document: ConfigurationDocument;
  readonly tokens: readonly TokenRecord[];
  /** By the name of the zone. */
  readonly keyrings: ReadonlyMap<string, Keyring>;
  /** What has been copied of zones that have primaries, by the name of the zone. */
  readonly copies: ReadonlyMap<string, Copy>;
  /** True: the store does not answer, and this is the last that was seen of it. Writing on top of it would be refused. */
  readonly stale: boolean;
};

/** Who changes what, on top of which revision. */
export type CommitOptions = {
  /** The head that the change was made from; null: the store is empty. */
  readonly expected: RevisionId | null;
  readonly author: string;
  readonly message: string;
  /** What becomes of it is newer than this, too: see `nextRevisionId`. */
  readonly above?: RevisionId | undefined;
  /** Check everything, and write nothing. */
  readonly dryRun?: boolean;
};

export type CommitOutcome =
  | { readonly status: 'committed'; readonly id: RevisionId }
  /** A dry run: it would have become `id`. */
  | { readonly status: 'would-commit'; readonly id: RevisionId }
  /** What is there is the same: nothing was written. */
  | { readonly status: 'unchanged'; readonly id: RevisionId }
  /** Somebody else was faster; null: the store turned out empty. */
  | { readonly status: 'conflict'; readonly head: RevisionId | null }
  /** Paths are pointers into the document that was to be committed. */
  | { readonly status: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly status: 'unavailable'; readonly message: string };

export type RevisionSummary = {
  readonly id: RevisionId;
  readonly parent: RevisionId | null;
  readonly author: string;
  readonly message: string;
  readonly createdAtMs: number;
};

export type StoredRevision = RevisionSummary & { readonly document: ConfigurationDocument };

export type ConfigurationWriter = {
  /** The head of the store; undefined when it holds nothing. Falls back to the last that was seen: see `stale`. */
  read(): Promise<CurrentConfiguration | undefined>;
  /** The tokens last seen, at once and without asking anyone: at most a second old. Undefined before the first sight. */
  tokens(): readonly TokenRecord[] | undefined;
  /** Replaces the configuration, tokens and keys apart. `document` is whatever somebody wrote: it is parsed here. */
  commit(change: CommitOptions & { readonly document: unknown }): Promise<CommitOutcome>;
  /** Replaces the tokens, configuration apart. */
  commitTokens(change: CommitOptions & { readonly tokens: readonly TokenRecord[] }): Promise<CommitOutcome>;
  /** Replaces the keys of these zones; a keyring without keys is taken away. */
  commitKeys(change: CommitOptions & { readonly keyrings: readonly Keyring[] }): Promise<CommitOutcome>;
  /** Replaces the copies of these zones; those of zones without primaries (any more) are left out. */
  commitCopies(change: CommitOptions & { readonly copies: readonly Copy[] }): Promise<CommitOutcome>;
  /** Newest first, strictly older than `before` where given. Rejects with an UnavailableError. */
  history(limit: number, before?: RevisionId): Promise<readonly RevisionSummary[]>;
  /** Undefined when the store does not keep it (any more). Rejects with an UnavailableError. */
  readRevision(id: RevisionId): Promise<StoredRevision | undefined>;
};

/** The keys of a signed zone as this process last saw them. */
export type KeyState = {
  readonly zone: string;
  readonly policy: DnssecPolicy;
  readonly keyring: Keyring;
  /** Why nothing goes on now. */
  readonly waiting: readonly string[];
  /** Wall clock, milliseconds since 1970; undefined: when something changes. */
  readonly nextAtMs: number | undefined;
  /** Something was asked of the parent, and is not seen to be done. */
  readonly awaitsParent: boolean;
  /** The DS that it has, as record data; undefined: not asked (yet). */
  readonly parent: ParentView | undefined;
};

export type ParentView = { readonly atMs: number } & (
  | { readonly ok: true; readonly ds: readonly Uint8Array[] }
  | { readonly ok: false; readonly reason: string }
);

/** A zone that has primaries, as this process last saw it. */
export type CopyState = {
  readonly zone: string;
  readonly primaries: readonly DnsServer[];
  /** Undefined: nothing was copied yet. */
  readonly copy: CopyHead | undefined;
  /** Wall clock, milliseconds since 1970: when a primary last had nothing newer; and when one will be asked. */
  readonly checkedAtMs: number | undefined;
  readonly nextAtMs: number;
  readonly isFetching: boolean;
  /** Why the last attempt came to nothing. */
  readonly problem: string | undefined;
};

/** What looks after copies in this process. */
export type CopyDesk = {
  /** Undefined: the zone has no primaries, or was not looked at yet. */
  state(zone: string): CopyState | undefined;
  /** Asks the primaries now, and resolves when that is done. `isWhole`: for the whole zone, whatever its serial. */
  fetch(zone: string, isWhole: boolean): Promise<void>;
};

/** What looks after keys in this process. */
export type KeyDesk = {
  /** False: there is no secret to keep keys with. */
  readonly canKeep: boolean;
  /** Undefined: the zone is not signed, or was not looked at yet. */
  state(zone: string): KeyState | undefined;
  /** Looks now, and asks the parent of this zone anew. */
  look(zone: string): Promise<void>;
  readonly digest: Digest;
  /** A record of a key that is brought along, or what is wrong with it. */
  take(zone: string, role: KeyRole, text: string, createdAtMs: number): KeyRecord | string;
  /** The keyring with every key sealed with the secret in force, the same object where they are; or what is wrong. */
  reseal(keyring: Keyring): Keyring | string;
};

export type WorkerSighting = {
  readonly vantage: string;
  readonly worker: string;
  readonly alive: boolean;
  /** Wall clock, milliseconds since 1970; absent: it did not move since this process found it. */
  readonly lastSeenMs?: number;
  /** What its votes are signed with; absent: nothing. */
  readonly publicKey?: string;
  /** Absent: from nothing. */
  readonly abstention?: Abstention;
  /** How often it took a new epoch within the last minute. */
  readonly epochRises: number;
};

export type LoadSighting = LoadReport & { readonly ageMs: number };

export type ClusterState = {
  readonly revision: RevisionId;
  readonly configuration: Configuration;
  readonly judgement: HealthJudgement;
  readonly verdicts: Verdicts;
  readonly vantages: readonly WorkerSighting[];
  /** Whose votes were refused lately. */
  readonly refused: readonly Stranger[];
  /** Vantages whose words count as none, since they disagree with the others. */
  readonly aside: ReadonlySet<string>;
  /** Verdicts that cannot turn, for too few vantages speak; and whether that is most of them. */
  readonly frozenCount: number;
  readonly isFrozen: boolean;
  readonly loads: readonly LoadSighting[];
  /** The GeoIP database in use. */
  readonly database: { readonly name: string; readonly attribution: string };
  /** There is a newer revision than `revision`, which this process could not serve. */
  readonly isNewestRefused: boolean;
};

/** Checked: a DNS name, a known record type or `TYPEn`, an address or prefix in canonical form. */
export type ExplainQuery = {
  readonly name: string;
  readonly type: string;
  /** `address` or `address/length`; absent: the query comes from the loopback address, without a client subnet. */
  readonly client?: string;
};

/** What this process serves and sees now. */
export type ClusterView = {
  /** Undefined: nothing is served yet. */
  current(): ClusterState | undefined;
  /** By the same code that serves. Undefined: nothing is served yet. */
  explain(query: ExplainQuery): Explanation | undefined;
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] };
};

export type LoadReports = {
  /** Rejects with an UnavailableError. */
  write(report: LoadReport): Promise<StoredLoadReport>;
};

/** Something that the API depends on does not answer; it may be asked again. */
export type UnavailableError = Error & { readonly code: 'UNAVAILABLE' };

export function createUnavailableError(message: string, cause?: unknown): UnavailableError {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  return Object.assign(error, { code: 'UNAVAILABLE' as const });
}

export function isUnavailableError(error: unknown): error is UnavailableError {
  return error instanceof Error && 'code' in error && error.code === 'UNAVAILABLE';
}

// A small world for the life of keys: a zone whose nodes lag, a parent that reads CDS when it likes and whose servers lag, an
// API whose clock is off, and validators that have cached any mix of what was ever served within its TTL. Times are seconds.
// After each event every mix that a validator may hold is judged, as strictly as the strictest: each algorithm of the DS set
// must lead to the keys, each algorithm of the keys must have signed everything (RFC 4035 section 2.2).

import { advanceKeys } from '../../src/dnssec/advance-keys.ts';
import { carryUnsigned, holdUnsigned } from '../../src/dnssec/key-timing.ts';
import {
  createKeyRecord,
  createKeyring,
  type HeldTtl,
  isShown,
  isSigningKeys,
  type Keyring,
  MAX_KEYS_PER_ZONE,
} from '../../src/dnssec/keyring.ts';
import type { DnssecPolicy } from '../../src/model/dnssec.ts';

export type Key = { readonly id: string; readonly algorithm: number };
type DnskeySet = { readonly keys: readonly Key[]; readonly signers: readonly Key[] };
type Cds = readonly Key[] | 'delete' | undefined;
/** What was served from `from` to `to`, and may be cached for `ttl` longer. */
type Version<Value> = { readonly value: Value; readonly from: number; to: number; readonly ttl: number };

export type Delays = { readonly node: number; readonly parent: number };

export class KeyStory {
  now = 1_000_000;
  policy: DnssecPolicy;
  zoneTtl: number;
  keyring: Keyring = createKeyring('example.com');
  readonly parentTtl: number;
  readonly log: string[] = [];
  readonly #delays: Delays;
  readonly #dnskeys: Version<DnskeySet>[] = [];
  readonly #data: Version<readonly Key[]>[] = [];
  readonly #ds: Version<readonly Key[]>[] = [];
  readonly #cds: Version<Cds>[] = [];
  #unsigned: HeldTtl;
  #made = 0;

  constructor(policy: DnssecPolicy, zoneTtl: number, delays: Delays) {
    this.policy = policy;
    this.zoneTtl = zoneTtl;
    this.parentTtl = policy.parentTtlSeconds;
    this.#delays = delays;
    this.#unsigned = { seconds: zoneTtl };
    this.#serve();
    this.#push(this.#ds, [], this.parentTtl);
  }

  get parentDs(): readonly Key[] {
    return this.#ds.at(-1)?.value ?? [];
  }

  /** Serves another TTL from now on; the keeper hears of it at once, as of every change of the configuration. */
  changeTtl(zoneTtl: number): void {
    this.zoneTtl = zoneTtl;
    this.#noteTtl();
    this.#serve();
  }

  #noteTtl(): void {
    const { propagationSeconds } = this.policy;
    this.#unsigned = holdUnsigned(this.#unsigned, this.keyring, this.zoneTtl, propagationSeconds, this.now * 1000);
  }

  /** The keeper looks: `lag` says how old what the parent shows is, undefined that it cannot be asked; `off` its clock. */
  keep(lag: number | undefined, off: number): void {
    this.#noteTtl();
    this.keyring = carryUnsigned(this.keyring, this.#unsigned);
    for (let round = 0; round < 5; round++) {
      const seen = lag === undefined ? undefined : this.#at(this.#ds, this.now - lag);
      const parent = seen && {
        keyIds: new Set(seen.map(({ id }) => id)),
        foreign: 0,
        ttlSeconds: this.parentTtl,
      };
      const world = { zoneTtlSeconds: this.zoneTtl, parent };
      const advance = advanceKeys(this.keyring, this.policy, world, (this.now + off) * 1000);
      for (const { keyId, text } of advance.steps) this.log.push(`${this.now} ${keyId ?? ''} ${text}`);
      this.keyring = advance.keyring;
      for (const wanted of advance.wanted) {
        const id = `${wanted.role}-${wanted.algorithm}-${++this.#made}`;
        const words = { id, publicKey: '', sealed: '', isImported: false, createdAtMs: this.#made };
        this.keyring = { ...this.keyring, keys: [...this.keyring.keys, createKeyRecord({ ...wanted, ...words })] };
      }
      if (advance.wanted.length === 0) break;
    }
    this.#serve();
  }

  /** A key that somebody brings along, of the kind that the zone wants now. */
  bringKey(): void {
    const { keys, algorithm } = this.policy;
    const role = keys === 'single' ? 'csk' : this.#made % 2 === 0 ? 'ksk' : 'zsk';
    const id = `${role}-${algorithm}-${++this.#made}`;
    const words = {
      id,
      role,
      algorithm,
      publicKey: '',
      sealed: '',
      isImported: true,
      createdAtMs: this.#made,
    } as const;
    if (this.keyring.keys.length >= MAX_KEYS_PER_ZONE) return;
    this.keyring = { ...this.keyring, keys: [...this.keyring.keys, createKeyRecord(words)] };
    this.log.push(`${this.now} ${id} is brought along`);
  }

  /** The parent reads CDS, perhaps of a node that lags, and does what it says. */
  readCds(lag: number): void {
    const cds = this.#at(this.#cds, this.now - lag);
    if (cds === undefined) return;
    // RFC 7344 section 4.1: it must be signed by what the DS leads to; of a first DS nobody asks that.
    this.#push(this.#ds, cds === 'delete' ? [] : cds, this.parentTtl);
    this.log.push(`${this.now} parent: ${this.parentDs.map(({ id }) => id).join(' ')}`);
  }

  /** A mix of what caches may hold that does not validate; undefined: there is none. */
  findBogus(): string | undefined {
    const dsSets = this.#alive(this.#ds, this.#delays.parent);
    const dnskeySets = this.#alive(this.#dnskeys, this.#delays.node);
    const dataSets = this.#alive(this.#data, this.#delays.node);
    for (const ds of dsSets) {
      if (ds.length === 0) continue;
      for (const dnskeys of dnskeySets) {
        const fault = judgeKeys(ds, dnskeys) ?? dataSets.map((data) => judgeData(dnskeys, data)).find((each) => each);
        if (fault !== undefined) return `${fault} (DS ${list(ds)}; DNSKEY ${list(dnskeys.keys)})`;
      }
    }
    return undefined;
  }

  #serve(): void {
    const { keys, isWithdrawing } = this.keyring;
    const shown = keys.filter(({ dnskey }) => isShown(dnskey));
    const asked = keys.filter(({ ds }) => isShown(ds));
    const cds = isWithdrawing ? 'delete' : asked.length === 0 ? undefined : asked;
    this.#push(this.#dnskeys, { keys: shown, signers: shown.filter(isSigningKeys) }, this.policy.keyTtlSeconds);
    this.#push(
      this.#data,
      keys.filter(({ signatures }) => isShown(signatures)),
      this.zoneTtl,
    );
    this.#push(this.#cds, cds, 0);
  }

  #push<Value>(versions: Version<Value>[], value: Value, ttl: number): void {
    const last = versions.at(-1);
    if (last !== undefined && last.ttl === ttl && idsOf(last.value) === idsOf(value)) return;
    if (last !== undefined) last.to = this.now;
    // No delay and no TTL of any story is as long: nobody asks for it any more.
    while (versions.length > 1 && (versions[0]?.to ?? 0) < this.now - LONGEST_SECONDS) versions.shift();
    versions.push({ value, from: this.now, to: Number.POSITIVE_INFINITY, ttl });
  }

  #at<Value>(versions: readonly Version<Value>[], time: number): Value | undefined {
    return versions.findLast(({ from }) => from <= time)?.value;
  }

  #alive<Value>(versions: readonly Version<Value>[], delay: number): readonly Value[] {
    return versions.filter(({ to, ttl }) => to + delay + ttl > this.now).map(({ value }) => value);
  }
}

const LONGEST_SECONDS = 3 * 86_400;

function idsOf(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) =>
    ['dnskey', 'signatures', 'ds'].includes(key) ? undefined : inner,
  );
}

function judgeKeys(ds: readonly Key[], { keys, signers }: DnskeySet): string | undefined {
  for (const algorithm of algorithmsOf(ds)) {
    const leads = ds.some(({ id, algorithm: own }) => own === algorithm && signers.some((signer) => signer.id === id));
    if (!leads) return `no DS of algorithm ${algorithm} leads to a key`;
  }
  for (const algorithm of algorithmsOf(keys)) {
    if (!signers.some((signer) => signer.algorithm === algorithm)) return `no key of ${algorithm} signs the keys`;
  }
  return undefined;
}

function judgeData({ keys }: DnskeySet, signers: readonly Key[]): string | undefined {
  for (const algorithm of algorithmsOf(keys)) {
    const isSigned = signers.some(
      (signer) => signer.algorithm === algorithm && keys.some(({ id }) => id === signer.id),
    );
    if (!isSigned) return `data signed by ${list(signers)} have no known signature of algorithm ${algorithm}`;
  }
  return undefined;
}

function algorithmsOf(keys: readonly Key[]): ReadonlySet<number> {
  return new Set(keys.map(({ algorithm }) => algorithm));
}

function list(keys: readonly Key[]): string {
  return `[${keys.map(({ id }) => id).join(' ')}]`;
}

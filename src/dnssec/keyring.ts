// The keys of one zone as they are kept: a keyring. It is an object of the revision beside the zone (`keys/NAME`), carried over
// by every change, so that it is replicated, recovered and raced for as all else is. What of a key the world can see is in one
// of four phases, as in "Flexible and Robust Key Rollover in DNSSEC" (Mekking 2012):
//
//   hidden ──▶ rumoured ──▶ omnipresent ──▶ unretentive ──▶ hidden
//   nobody     some caches   every cache      some caches      nobody
//   has it     have it       has it           still have it    has it

import { parseJson } from '../model/record-chunks.ts';

export type KeyRole = 'csk' | 'ksk' | 'zsk';

export const PHASES = ['hidden', 'rumoured', 'omnipresent', 'unretentive'] as const;
export type PhaseName = (typeof PHASES)[number];

export type Phase = {
  readonly name: PhaseName;
  /** Wall clock, milliseconds since 1970; of a key that was never shown, when it was made. */
  readonly sinceMs: number;
};

/** Signatures of zone data. */
export type SignaturePhase = Phase & {
  /** They took over, name by name, from those of a key of the same algorithm that were everywhere: no cache has a gap. */
  readonly continues?: true;
};

/** What the parent holds. Rumoured and unretentive begin when we ask for it, and pass only after the parent did it. */
export type DsPhase = Phase & {
  /** Since when the parent is seen to have done what was asked. */
  readonly parentSinceMs?: number;
};

export type KeyRecord = {
  readonly id: string;
  readonly role: KeyRole;
  readonly algorithm: 13 | 15;
  /** As in a DNSKEY, base64. */
  readonly publicKey: string;
  /** The private key, encrypted; base64. */
  readonly sealed: string;
  readonly isImported: boolean;
  readonly createdAtMs: number;
  /** When it began to sign. */
  readonly activeSinceMs?: number;
  /** A successor is wanted, or there. */
  readonly isRetired: boolean;
  readonly dnskey: Phase;
  /** Of a KSK: always hidden. */
  readonly signatures: SignaturePhase;
  /** Of a ZSK: always hidden. */
  readonly ds: DsPhase;
};

/** A TTL that caches may still go by although a shorter one is served now. */
export type HeldTtl = {
  readonly seconds: number;
  /** Until when, and the longest of those served since it was lowered. */
  readonly lowered?: { readonly untilMs: number; readonly seconds: number };
};

export type Keyring = {
  /** Full name, lower case. */
  readonly zone: string;
  readonly keys: readonly KeyRecord[];
  /** The longest TTL in the zone. */
  readonly zoneTtl: HeldTtl;
  readonly keyTtl: HeldTtl;
  /** The longest TTL of the DS that was seen at the parent; 0: none yet. */
  readonly parentTtlSeconds: number;
  /** The parent is asked to take every DS away. */
  readonly isWithdrawing: boolean;
  /** Keys whose DS the parent has, by the word of an operator: counts while the parent cannot be asked. */
  readonly confirmed?: readonly string[];
  /** When copies of the zone last had a new serial for its signatures: see renew-copies.ts. */
  readonly renewedAtMs?: number;
};

export const KEYS_PREFIX = 'keys/';
/** A rollover of everything to another algorithm in the middle of another one needs eight. */
export const MAX_KEYS_PER_ZONE = 16;

/** The name of the revision's object. */
export function nameKeyring(zone: string): string {
  return KEYS_PREFIX + zone;
}

export function isKeyringObject(name: string): boolean {
  return name.startsWith(KEYS_PREFIX);
}

export function createKeyring(zone: string): Keyring {
  const none = { seconds: 0 };
  return { zone, keys: [], zoneTtl: none, keyTtl: none, parentTtlSeconds: 0, isWithdrawing: false };
}

export function isSigningKeys(key: Pick<KeyRecord, 'role'>): boolean {
  return key.role !== 'zsk';
}

export function isSigningZone(key: Pick<KeyRecord, 'role'>): boolean {
  return key.role !== 'ksk';
}

/** Shown to the world now, whether or not everybody has seen it. */
export function isShown({ name }: Phase): boolean {
  return name === 'rumoured' || name === 'omnipresent';
}

/** Whether anybody may have seen a DNSKEY or a signature of it; the keys of a zone that is yet to be signed are brought along unseen. */
export function isUsed({ keys }: Pick<Keyring, 'keys'>): boolean {
  return keys.some(({ dnskey, signatures }) => dnskey.name !== 'hidden' || signatures.name !== 'hidden');
}

/** A key that nobody has seen yet. */
export function createKeyRecord(
  words: Pick<KeyRecord, 'id' | 'role' | 'algorithm' | 'publicKey' | 'sealed' | 'isImported' | 'createdAtMs'>,
): KeyRecord {
  const hidden: Phase = { name: 'hidden', sinceMs: words.createdAtMs };
  return { ...words, isRetired: false, dnskey: hidden, signatures: hidden, ds: hidden };
}

/** The text of the object: the same for the same keyring. */
export function composeKeyring(keyring: Keyring): string {
  return JSON.stringify(keyring, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Inverse of `composeKeyring`; what is wrong with the text otherwise. */
export function parseKeyring(text: string): Keyring | string {
  const value = parseJson(text);
  if (!isObject(value)) return 'the stored keys are no JSON text';
  const { zone, keys, zoneTtl, keyTtl, parentTtlSeconds, isWithdrawing, confirmed, renewedAtMs } = value;
  if (typeof zone !== 'string' || !Array.isArray(keys) || keys.length > MAX_KEYS_PER_ZONE)
    return 'the stored keys have no zone, or no list of at most 16 keys';
  if (!isHeldTtl(zoneTtl) || !isHeldTtl(keyTtl) || typeof parentTtlSeconds !== 'number')
    return 'the stored keys have no TTLs';
  if (!keys.every(isKeyRecord)) return 'one of the stored keys is none that this version knows';
  const word = isTextList(confirmed) ? { confirmed } : {};
  const renewed = typeof renewedAtMs === 'number' ? { renewedAtMs } : {};
  return { zone, keys, zoneTtl, keyTtl, parentTtlSeconds, isWithdrawing: isWithdrawing === true, ...word, ...renewed };
}

type Item = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isKeyRecord(value: unknown): value is KeyRecord {
  if (!isObject(value)) return false;
  const { id, role, algorithm, publicKey, sealed, isImported, createdAtMs, activeSinceMs, isRetired } = value;
  return (
    [id, publicKey, sealed].every((text) => typeof text === 'string') &&
    (role === 'csk' || role === 'ksk' || role === 'zsk') &&
    (algorithm === 13 || algorithm === 15) &&
    typeof isImported === 'boolean' &&
    typeof createdAtMs === 'number' &&
    (activeSinceMs === undefined || typeof activeSinceMs === 'number') &&
    typeof isRetired === 'boolean' &&
    isPhase(value['dnskey']) &&
    isPhase(value['signatures']) &&
    isPhase(value['ds'])
  );
}

function isPhase(value: unknown): value is Phase {
  if (!isObject(value)) return false;
  const { name, sinceMs, parentSinceMs, continues } = value;
  return (
    PHASES.some((phase) => phase === name) &&
    typeof sinceMs === 'number' &&
    (parentSinceMs === undefined || typeof parentSinceMs === 'number') &&
    (continues === undefined || continues === true)
  );
}

function isHeldTtl(value: unknown): value is HeldTtl {
  if (!isObject(value) || typeof value['seconds'] !== 'number') return false;
  const { lowered } = value;
  return (
    lowered === undefined ||
    (isObject(lowered) && typeof lowered['untilMs'] === 'number' && typeof lowered['seconds'] === 'number')
  );
}

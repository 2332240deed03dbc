// The life of keys, one step at a time: from the keyring, what the zone asks for and what the parent shows, to the next
// keyring. Nothing is ever taken away before what replaces it is in every cache, and nothing is relied on before that: so a
// validator that caches as it may finds a chain at any moment (RFC 6781 section 4.1, RFC 7583). Which key is wanted is decided
// anew each time; so a change of mind in the middle of a rollover is one more set of wishes, and no case of its own.
//
//   a key comes:  DNSKEY, then its signatures in place of its predecessor's (pre-publish); then its DS, by CDS (RFC 7344)
//   a key goes:   its DS, once the parent has the new one everywhere; its signatures; then its DNSKEY
//   a new algorithm: signatures before the DNSKEY, and away only after it (RFC 6781 section 4.1.4, conservative)

import type { DnssecPolicy } from '../model/dnssec.ts';
import { describeWait } from './describe-wait.ts';
import {
  chooseGoals,
  isCovered,
  isInsecure,
  isSettled,
  type KeyGoals,
  type KeyWorld,
  listWanted,
  retireAtMs,
  type WantedKey,
} from './key-goals.ts';
import { dnskeyEndMs, dsEndMs, holdTtl, isMoving, signaturesEndMs } from './key-timing.ts';
import { isShown, isSigningKeys, type KeyRecord, type Keyring, MAX_KEYS_PER_ZONE } from './keyring.ts';

export type KeyStep = { readonly keyId: string | undefined; readonly text: string };

export type Advance = {
  /** The same object where nothing changes. */
  readonly keyring: Keyring;
  readonly steps: readonly KeyStep[];
  /** To be made and added; then advance again. */
  readonly wanted: readonly WantedKey[];
  /** Why it does not go on now. */
  readonly waiting: readonly string[];
  /** When to look again; undefined: only when something changes. */
  readonly nextAtMs: number | undefined;
};

/** Brings the keyring as far as it may be now. */
export function advanceKeys(keyring: Keyring, policy: DnssecPolicy, world: KeyWorld, nowMs: number): Advance {
  const steps: KeyStep[] = [];
  const scene: Scene = { policy, world, nowMs, steps };
  let ring = passTime(noteParent(noteTtls(noteClock(keyring, scene), scene), scene), scene);
  let wanted: readonly WantedKey[] = [];
  if (!policy.paused) {
    ring = retire(ring, scene);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = ring;
      const goals = chooseGoals(ring, policy);
      ring = policy.withdraw ? withdraw(ring, scene) : leave(enter(ring, goals, scene), goals, scene);
      if (ring === before) break;
    }
    wanted = listWanted(ring, policy, world);
  }
  const { waiting, nextAtMs } = describeWait(ring, policy, world, nowMs);
  return { keyring: ring, steps, wanted, waiting, nextAtMs };
}

/** Each key has three things to show and to hide. */
const MAX_ROUNDS = MAX_KEYS_PER_ZONE * 6;

type Scene = {
  readonly policy: DnssecPolicy;
  readonly world: KeyWorld;
  readonly nowMs: number;
  readonly steps: KeyStep[];
};

// ── what happens by itself ────────────────────────────────────────────────────────────────────────────────────────────

/** What begins later than clocks may differ by was noted by one that was ahead: it began now at the latest. */
function noteClock(ring: Keyring, { policy, nowMs }: Scene): Keyring {
  const latestMs = nowMs + policy.propagationSeconds * 1000;
  const isAhead = (ms: number | undefined) => ms !== undefined && ms > latestMs;
  const begin = <Kind extends KeyRecord['ds']>(phase: Kind): Kind => ({
    ...phase,
    ...(isAhead(phase.sinceMs) && { sinceMs: nowMs }),
    ...(isAhead(phase.parentSinceMs) && { parentSinceMs: nowMs }),
  });
  return changeKeys(ring, (key) => {
    const { dnskey, signatures, ds, activeSinceMs } = key;
    const moments = [dnskey.sinceMs, signatures.sinceMs, ds.sinceMs, ds.parentSinceMs, activeSinceMs];
    if (!moments.some(isAhead)) return key;
    const active = isAhead(activeSinceMs) ? { activeSinceMs: nowMs } : {};
    return { ...key, ...active, dnskey: begin(dnskey), signatures: begin(signatures), ds: begin(ds) };
  });
}

function noteTtls(ring: Keyring, { policy, world, nowMs }: Scene): Keyring {
  const zoneTtl = holdTtl(ring.zoneTtl, world.zoneTtlSeconds, policy.propagationSeconds, nowMs);
  const keyTtl = holdTtl(ring.keyTtl, policy.keyTtlSeconds, policy.propagationSeconds, nowMs);
  const parentTtlSeconds = Math.max(ring.parentTtlSeconds, world.parent?.ttlSeconds ?? 0);
  const isSame = zoneTtl === ring.zoneTtl && keyTtl === ring.keyTtl && parentTtlSeconds === ring.parentTtlSeconds;
  return isSame ? ring : { ...ring, zoneTtl, keyTtl, parentTtlSeconds };
}

/** Facts, whatever we asked for: the parent may do what it likes. */
function noteParent(ring: Keyring, { world: { parent }, nowMs, steps }: Scene): Keyring {
  if (parent === undefined) return ring;
  return changeKeys(ring, (key) => {
    if (!isSigningKeys(key)) return key;
    const { ds } = key;
    const isThere = parent.keyIds.has(key.id);
    const isAsDesired = isThere === isShown(ds);
    const say = (text: string) => steps.push({ keyId: key.id, text });
    if (isAsDesired) {
      if (ds.name === 'hidden' || ds.name === 'omnipresent' || ds.parentSinceMs !== undefined) return key;
      say(isThere ? 'the parent has its DS' : 'the parent has its DS no more');
      return { ...key, ds: { ...ds, parentSinceMs: nowMs } };
    }
    if (ds.name === 'hidden') {
      say('the parent has its DS, which nobody asked for');
      return { ...key, ds: { name: 'rumoured', sinceMs: nowMs, parentSinceMs: nowMs } };
    }
    if (ds.name === 'omnipresent') {
      say('its DS is gone from the parent, which nobody asked for');
      return { ...key, ds: { name: 'rumoured', sinceMs: nowMs } };
    }
    // Asked for, and not done; or done, and undone again.
    return ds.parentSinceMs === undefined ? key : { ...key, ds: { name: ds.name, sinceMs: ds.sinceMs } };
  });
}

function passTime(ring: Keyring, { policy, world, nowMs, steps }: Scene): Keyring {
  const isOver = (endMs: number | undefined) => endMs !== undefined && nowMs >= endMs;
  return changeKeys(ring, (key) => {
    let next = key;
    const say = (text: string) => steps.push({ keyId: key.id, text });
    if (isMoving(key.dnskey.name) && isOver(dnskeyEndMs(key.dnskey, ring, policy))) {
      next = { ...next, dnskey: { name: settle(key.dnskey.name), sinceMs: nowMs } };
      say(next.dnskey.name === 'hidden' ? 'its DNSKEY is in no cache any more' : 'its DNSKEY is in every cache');
    }
    if (isMoving(key.signatures.name) && isOver(signaturesEndMs(key.signatures, ring, policy))) {
      next = { ...next, signatures: { name: settle(key.signatures.name), sinceMs: nowMs } };
      say(
        next.signatures.name === 'hidden'
          ? 'its signatures are in no cache any more'
          : 'its signatures are in every cache',
      );
    }
    // A parent that cannot be asked may have changed its mind meanwhile.
    if (isMoving(key.ds.name) && world.parent !== undefined && isOver(dsEndMs(key.ds, ring, policy))) {
      next = { ...next, ds: { name: settle(key.ds.name), sinceMs: nowMs } };
      say(next.ds.name === 'hidden' ? 'its DS is in no cache any more' : 'its DS is in every cache');
    }
    return next;
  });
}

function settle(name: 'rumoured' | 'unretentive'): 'omnipresent' | 'hidden' {
  return name === 'rumoured' ? 'omnipresent' : 'hidden';
}

// ── what is decided ───────────────────────────────────────────────────────────────────────────────────────────────────

/** A key whose time has come makes room for a successor, once it is itself in place. */
function retire(ring: Keyring, { policy, nowMs, steps }: Scene): Keyring {
  const goals = chooseGoals(ring, policy);
  return changeKeys(ring, (key) => {
    if ((key !== goals.keys && key !== goals.zone) || !isSettled(key)) return key;
    const dueMs = retireAtMs(key, ring, policy);
    if (dueMs === undefined || nowMs < dueMs) return key;
    steps.push({ keyId: key.id, text: 'its time is over: a successor is wanted' });
    return { ...key, isRetired: true };
  });
}

function enter(ring: Keyring, { keys, zone }: KeyGoals, scene: Scene): Keyring {
  const { nowMs, steps } = scene;
  let next = ring;
  const say = (key: KeyRecord, text: string) => steps.push({ keyId: key.id, text });
  if (zone !== undefined && !isShown(zone.signatures)) next = enterSignatures(next, zone, scene);
  if (keys !== undefined && !isShown(keys.dnskey) && mayShowKeys(next, keys, zone)) {
    say(keys, 'its DNSKEY is shown');
    next = changeKey(next, keys.id, (key) => ({
      ...key,
      dnskey: { name: 'rumoured', sinceMs: nowMs },
      activeSinceMs: key.activeSinceMs ?? nowMs,
    }));
  }
  // Each algorithm in the DNSKEY set signs that set (RFC 4035 section 2.2): its KSK comes first.
  const isSignedFor = next.keys.some(
    (key) => isSigningKeys(key) && key.algorithm === zone?.algorithm && isShown(key.dnskey),
  );
  const zoneNow = next.keys.find(({ id }) => id === zone?.id);
  if (zoneNow !== undefined && !isShown(zoneNow.dnskey) && isSignedFor && mayShowKeys(next, zoneNow, zone)) {
    say(zoneNow, 'its DNSKEY is shown');
    next = changeKey(next, zoneNow.id, (key) => ({ ...key, dnskey: { name: 'rumoured', sinceMs: nowMs } }));
  }
  const keysNow = next.keys.find(({ id }) => id === keys?.id);
  if (keysNow !== undefined && !isShown(keysNow.ds) && mayAskForDs(next, keysNow)) {
    say(keysNow, 'the parent is asked for its DS (CDS)');
    next = changeKey(next, keysNow.id, (key) => ({ ...key, ds: { name: 'rumoured', sinceMs: nowMs } }));
  }
  return next;
}

/**
 * The first of its algorithm signs at once, and so does the next while no cache has a DNSKEY of the algorithm; otherwise it
 * takes over when its DNSKEY is everywhere, and the other's signatures too.
 */
function enterSignatures(ring: Keyring, key: KeyRecord, { nowMs, steps }: Scene): Keyring {
  const predecessor = ring.keys.find(({ algorithm, signatures }) => algorithm === key.algorithm && isShown(signatures));
  const begin = (continues: boolean) => (own: KeyRecord) => ({
    ...own,
    signatures: { name: 'rumoured' as const, sinceMs: nowMs, ...(continues && { continues: true as const }) },
    activeSinceMs: own.activeSinceMs ?? nowMs,
  });
  if (predecessor === undefined) {
    steps.push({ keyId: key.id, text: 'it begins to sign the zone' });
    return changeKey(ring, key.id, begin(false));
  }
  const isKnown = ring.keys.some(({ algorithm, dnskey }) => algorithm === key.algorithm && dnskey.name !== 'hidden');
  const isReady = key.dnskey.name === 'omnipresent' && predecessor.signatures.name === 'omnipresent';
  if (isKnown && !isReady) return ring;
  steps.push({ keyId: key.id, text: `it signs the zone from now on, in place of ${predecessor.id}` });
  const handed = changeKey(ring, predecessor.id, (own) => ({
    ...own,
    signatures: { name: 'unretentive', sinceMs: nowMs },
  }));
  return changeKey(handed, key.id, begin(isKnown));
}

/** A DNSKEY of an algorithm promises its signatures (RFC 4035 section 2.2): they must be everywhere first. */
function mayShowKeys(ring: Keyring, key: KeyRecord, zone: KeyRecord | undefined): boolean {
  const shown = ring.keys.filter(({ dnskey }) => isShown(dnskey));
  // Keys from elsewhere, whose DS is there already: until they are shown, nothing of the zone is valid.
  if (shown.length === 0 || isInsecure(ring)) return true;
  if (shown.some(({ algorithm }) => algorithm === key.algorithm)) return true;
  // What signs must be among the keys that are shown.
  const signers = ring.keys.filter(({ algorithm, signatures }) => algorithm === key.algorithm && isShown(signatures));
  return isCovered(ring, key.algorithm) && signers.every(({ id }) => id === zone?.id);
}

/** From the moment that we ask, validators may believe the DS: all that it leads to must be in every cache. */
function mayAskForDs(ring: Keyring, key: KeyRecord): boolean {
  const shown = ring.keys.filter(({ dnskey }) => dnskey.name !== 'hidden');
  const signers = ring.keys.filter(({ algorithm, signatures }) => algorithm === key.algorithm && isShown(signatures));
  return (
    key.dnskey.name === 'omnipresent' &&
    shown.every(({ algorithm }) => isCovered(ring, algorithm)) &&
    signers.every(({ dnskey }) => dnskey.name === 'omnipresent')
  );
}

function leave(ring: Keyring, { keys, zone }: KeyGoals, scene: Scene): Keyring {
  const { policy, world, nowMs, steps } = scene;
  let next = ring.isWithdrawing ? { ...ring, isWithdrawing: false } : ring;
  if (keys === undefined || zone === undefined) return next;
  const isGoal = ({ id }: KeyRecord) => id === keys.id || id === zone.id;
  const say = (key: KeyRecord, text: string) => steps.push({ keyId: key.id, text });
  const isNewDsEverywhere = next.keys.some(({ id, ds }) => id === keys.id && ds.name === 'omnipresent');
  next = changeKeys(next, (key) => {
    if (isGoal(key) || !isShown(key.ds) || !isNewDsEverywhere) return key;
    say(key, 'the parent is asked to take its DS away (CDS)');
    return { ...key, ds: { name: 'unretentive', sinceMs: nowMs } };
  });
  const before = next;
  next = changeKeys(next, (key) => {
    if (isGoal(key) || !isShown(key.dnskey) || !mayHideDnskey(before, key, policy.algorithm)) return key;
    say(key, 'its DNSKEY is taken out');
    return { ...key, dnskey: { name: 'unretentive', sinceMs: nowMs } };
  });
  const after = next;
  next = changeKeys(next, (key) => {
    const isLast = key.algorithm !== policy.algorithm && isShown(key.signatures);
    const isKnown = after.keys.some(({ algorithm, dnskey }) => algorithm === key.algorithm && dnskey.name !== 'hidden');
    if (isGoal(key) || !isLast || isKnown) return key;
    say(key, 'it signs no more');
    return { ...key, signatures: { name: 'unretentive', sinceMs: nowMs } };
  });
  const gone = next.keys.filter((key) => !isGoal(key) && isHidden(key) && world.parent?.keyIds.has(key.id) !== true);
  if (gone.length === 0) return next;
  for (const key of gone) say(key, 'it is thrown away');
  return { ...next, keys: next.keys.filter((key) => !gone.includes(key)) };
}

function isHidden({ dnskey, signatures, ds }: KeyRecord): boolean {
  return dnskey.name === 'hidden' && signatures.name === 'hidden' && ds.name === 'hidden';
}

/** No DS leads to it, and no signature needs it. Of an algorithm that goes, its signatures stay behind until it is gone. */
function mayHideDnskey(ring: Keyring, key: KeyRecord, algorithmThatStays: number): boolean {
  if (key.algorithm === algorithmThatStays) return key.ds.name === 'hidden' && key.signatures.name === 'hidden';
  const isNeeded = ring.keys.some(({ algorithm, ds }) => algorithm === key.algorithm && ds.name !== 'hidden');
  const hasSuccessor = ring.keys.some(
    (other) => other.algorithm === algorithmThatStays && isSigningKeys(other) && other.dnskey.name === 'omnipresent',
  );
  return !isNeeded && hasSuccessor;
}

/** RFC 8078 section 4: the DS goes first; only when no cache has it may the zone be unsigned, then all at once. */
function withdraw(ring: Keyring, { world, nowMs, steps }: Scene): Keyring {
  if (ring.keys.length === 0) return ring.isWithdrawing ? { ...ring, isWithdrawing: false } : ring;
  let next = ring.isWithdrawing ? ring : { ...ring, isWithdrawing: true };
  next = changeKeys(next, (key) => {
    if (!isShown(key.ds)) return key;
    steps.push({ keyId: key.id, text: 'the parent is asked to take its DS away (CDS of RFC 8078)' });
    return { ...key, ds: { name: 'unretentive', sinceMs: nowMs } };
  });
  const isSeenGone = world.parent !== undefined && next.keys.every(({ id }) => world.parent?.keyIds.has(id) === false);
  if (!isInsecure(next) || !isSeenGone) return next;
  steps.push({ keyId: undefined, text: 'no resolver can have a DS any more: the zone is signed no longer' });
  return { ...next, keys: [], isWithdrawing: false };
}

/** The same keyring where no key changes. */
function changeKeys(ring: Keyring, change: (key: KeyRecord) => KeyRecord): Keyring {
  const keys = ring.keys.map(change);
  return keys.every((key, index) => key === ring.keys[index]) ? ring : { ...ring, keys };
}

function changeKey(ring: Keyring, id: string, change: (key: KeyRecord) => KeyRecord): Keyring {
  return changeKeys(ring, (key) => (key.id === id ? change(key) : key));
}

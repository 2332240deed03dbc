// How long each phase of a key lasts (RFC 7583 section 3): until what caches hold has run out, and every server has heard of it.
// The delays are the operator's: they also cover what the clocks of API nodes differ by, and the time that a commit takes.

import type { DnssecPolicy } from '../model/dnssec.ts';
import { type DsPhase, type HeldTtl, isUsed, type Keyring, type Phase, type PhaseName } from './keyring.ts';

type Delays = Pick<DnssecPolicy, 'propagationSeconds' | 'parentTtlSeconds' | 'parentPropagationSeconds'>;

/** When a change of the DNSKEY set is in every cache: Ipub and Iret of RFC 7583 section 3.2.1, for keys. */
export function dnskeyEndMs(phase: Phase, keyring: Keyring, delays: Delays): number {
  return endMs(phase.sinceMs, keyring.keyTtl.seconds, delays.propagationSeconds);
}

/** When signatures by another key are in every cache. Nodes sign everything anew at once: Dsgn of RFC 7583 is nothing. */
export function signaturesEndMs(phase: Phase, keyring: Keyring, delays: Delays): number {
  return endMs(phase.sinceMs, keyring.zoneTtl.seconds, delays.propagationSeconds);
}

/** When the parent's change is in every cache; undefined while the parent has not made it. */
export function dsEndMs(phase: DsPhase, keyring: Keyring, delays: Delays): number | undefined {
  const ttlSeconds = Math.max(keyring.parentTtlSeconds, delays.parentTtlSeconds);
  const { parentSinceMs } = phase;
  return parentSinceMs === undefined ? undefined : endMs(parentSinceMs, ttlSeconds, delays.parentPropagationSeconds);
}

function endMs(sinceMs: number, ttlSeconds: number, delaySeconds: number): number {
  return sinceMs + (ttlSeconds + delaySeconds) * 1000;
}

/** A lowered TTL counts once what was served under the longer one has run out. */
export function holdTtl(held: HeldTtl, seconds: number, propagationSeconds: number, nowMs: number): HeldTtl {
  if (seconds >= held.seconds) return seconds === held.seconds && held.lowered === undefined ? held : { seconds };
  const { lowered } = held;
  if (lowered === undefined) {
    return { seconds: held.seconds, lowered: { seconds, untilMs: endMs(nowMs, held.seconds, propagationSeconds) } };
  }
  if (nowMs >= lowered.untilMs) return holdTtl({ seconds: lowered.seconds }, seconds, propagationSeconds, nowMs);
  return seconds <= lowered.seconds ? held : { seconds: held.seconds, lowered: { ...lowered, seconds } };
}

/**
 * The longest TTL of a zone for as long as none of its keys is used: what it served without them is in caches too when the DS
 * comes. `held`: as of the last look. `keyring` undefined: it has none.
 */
export function holdUnsigned(
  held: HeldTtl | undefined,
  keyring: Keyring | undefined,
  seconds: number,
  propagationSeconds: number,
  nowMs: number,
): HeldTtl {
  if (keyring !== undefined && isUsed(keyring)) return keyring.zoneTtl;
  return holdTtl(held ?? keyring?.zoneTtl ?? { seconds }, seconds, propagationSeconds, nowMs);
}

/** The same keyring where nothing longer is in caches, or where it counts already. */
export function carryUnsigned(keyring: Keyring, held: HeldTtl | undefined): Keyring {
  const isLonger = held !== undefined && held.seconds > keyring.zoneTtl.seconds;
  return isLonger && !isUsed(keyring) ? { ...keyring, zoneTtl: held } : keyring;
}

/** Some caches have it and some have not: time will tell. */
export function isMoving(name: PhaseName): name is 'rumoured' | 'unretentive' {
  return name === 'rumoured' || name === 'unretentive';
}

// When each target is checked. At a vantage every target has a phase, a point within its interval that is a hash of its
// id, so that checks spread evenly; vantage i of n is i/n of an interval behind, so that n vantages look at a target n
// times an interval at even distances, and the first to see a failure tells the others. The phases are points of the wall
// clock: vantages whose clocks differ are merely spread less evenly.

import { hash32 } from '../health/hash.ts';

/** Each check starts up to this share of the interval after its point: nothing stays in step with anything by accident. */
export const JITTER_SHARE = 0.02;

/** Milliseconds into the interval at which a vantage checks a target. */
export function choosePhaseMs(target: string, vantageIndex: number, vantageCount: number, intervalMs: number): number {
  const spread = hash32(target) / 2 ** 32;
  const offset = vantageCount > 0 ? vantageIndex / vantageCount : 0;
  return ((spread + offset) % 1) * intervalMs;
}

/** Milliseconds from `wallMs` to the next point of that phase: above 0, at most an interval. */
export function delayToPhaseMs(wallMs: number, phaseMs: number, intervalMs: number): number {
  const intoIntervalMs = ((wallMs % intervalMs) + intervalMs) % intervalMs;
  const delayMs = (phaseMs - intoIntervalMs + intervalMs) % intervalMs;
  return delayMs > 0 ? delayMs : intervalMs;
}

/** Milliseconds after the point, for `random` in 0..1. */
export function chooseJitterMs(intervalMs: number, random: number): number {
  return random * JITTER_SHARE * intervalMs;
}

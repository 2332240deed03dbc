// What a probe worker is made with, and what it tells of itself.

import type { Anchor } from '../model/anchor.ts';
import type { Clock } from '../model/clock.ts';
import type { ProbeLogger } from './logger.ts';
import type { SlotsChange } from './peers.ts';
import type { RunCheck } from './run-check.ts';
import type { SealMessage, SlotStore } from './slot-writer.ts';

export type ProbeWorkerOptions = {
  readonly vantage: string;
  /** Unique within the vantage. */
  readonly worker: string;
  /** The same for all workers and nodes of an installation. */
  readonly heartbeatMs: number;
  /** Checks under way at a time. */
  readonly concurrency: number;
  readonly toleratedLagMs?: number;
  /** What this worker should always reach; see anchor-watch.ts. */
  readonly anchors?: readonly Anchor[];
};

export type ProbeWorkerDependencies = {
  readonly health: SlotStore;
  /** store/follow-slots.ts over the same store; called once, at the start. */
  readonly followSlots: (onChange: (change: SlotsChange) => void) => { close(): void };
  readonly clock: Clock;
  /** Absent: votes are not signed. */
  readonly seal?: SealMessage;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly logger: ProbeLogger;
  readonly runCheck: RunCheck;
  /** Of anchors, which are the operator's and may be anywhere. Absent: `runCheck`. */
  readonly runAnchorCheck?: RunCheck;
};

export type Abstention = { readonly cause: 'lag' | 'anchors'; readonly reason: string };

export type ProbeStatus = {
  /** All targets of the configuration, and those that this worker checks. */
  readonly targets: number;
  readonly checked: number;
  readonly running: number;
  readonly waiting: number;
  /** Why it abstains from everything; undefined: it does not. */
  readonly abstention: Abstention | undefined;
  /** False: the configuration does not name its vantage, so it checks nothing. */
  readonly configured: boolean;
};

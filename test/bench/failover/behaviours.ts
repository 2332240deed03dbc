// What a backend of the bench can do to whoever checks it, and what that is called in the tables.

export const FAULTS = {
  refused: 'refused: the listener is closed',
  reset: 'reset: RST instead of an answer',
  silent: 'silent: accepted, never answered',
  slow: 'slow: answered after the timeout',
  errors: '500s: answered with status 500',
  'agent-down': 'agent-down: the agent says down',
} as const;

export type Fault = keyof typeof FAULTS;

/** `lossy`: one check in LOSS_SHARE is accepted and never answered, the others are answered. */
export type Behaviour = 'healthy' | 'agent-up' | 'lossy' | Fault;

/** Of the checks of a lossy backend, at random and independently: the 5 % of the issue. */
export const LOSS_SHARE = 0.05;

/** What a backend does before its fault. */
export function behaviourBefore(fault: Fault): Behaviour {
  return fault === 'agent-down' ? 'agent-up' : 'healthy';
}

/** So much longer than the timeout of the checks does a slow backend take. */
export const SLOW_BEYOND_TIMEOUT_MS = 500;

/** What the parent sends, as JSON. */
export type BackendOrder =
  | { readonly kind: 'open'; readonly count: number }
  /** `slowMs`: how long a slow one takes for an answer. */
  | {
      readonly kind: 'set';
      readonly index: number;
      readonly behaviour: Behaviour;
      readonly order: number;
      readonly slowMs: number;
    };

/** What comes back, as JSON; `atMs` is in machineMs. */
export type BackendReply =
  | { readonly kind: 'opened'; readonly ports: readonly number[] }
  | { readonly kind: 'done'; readonly order: number; readonly atMs: number };

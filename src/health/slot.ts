// A slot: the whole vote table of one worker. Merging slots means keeping the greater (epoch, sequence), so the order,
// repetition and loss of messages do not matter.

export type SlotId = { readonly vantage: string; readonly worker: string };

export type SlotVersion = SlotId & {
  /** Allocated when the worker starts; greater than any that it had before. */
  readonly epoch: number;
  /** Grows with every write of the worker, changed or not: the heartbeat. */
  readonly sequence: number;
};

/** up and down after rise and fall; `suspect`: was up, is failing; `abstain`: the worker does not trust itself. */
export type Vote = 'up' | 'down' | 'suspect' | 'abstain';

export type TargetVote = {
  /** Identifies what is checked: see target.ts. */
  readonly target: string;
  readonly vote: Vote;
  /** Why, for people: `connection refused`, `status 503`. Of `up`: empty, or a warning, such as a certificate that ends soon. */
  readonly reason: string;
  /** Percent of its weight that the target asks for, a whole number of 0 to 99. Absent: all of it. */
  readonly share?: number;
};

export type Slot = SlotVersion & { readonly votes: readonly TargetVote[] };

/** What changed from `sequence - 1` to `sequence`; targets that were dropped are in `removed`. */
export type SlotDelta = SlotVersion & { readonly changed: readonly TargetVote[]; readonly removed: readonly string[] };

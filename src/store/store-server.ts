// What is known of one server of the store: for logs, metrics and `azimuth status`.

export type StoreServer = {
  /** Its address, without credentials. */
  readonly name: string;
  /** Undefined until the first attempt to connect has ended. */
  readonly isConnected: boolean | undefined;
  readonly counters: Readonly<StoreCounters>;
  /** Calls whenever it is lost, with the reason, and whenever it is back; the first attempt counts as either. */
  onPresence(listener: (isConnected: boolean, reason: string) => void): void;
};

/** Since the start. */
export type StoreCounters = {
  /** Connections that broke after they had stood. */
  losses: number;
  /** Connections to another primary than before: failovers that were followed. */
  primaryChanges: number;
  /** Writes of slots and load reports that it did not take in time: nothing repeats them. */
  droppedWrites: number;
};

export function createStoreCounters(): StoreCounters {
  return { losses: 0, primaryChanges: 0, droppedWrites: 0 };
}

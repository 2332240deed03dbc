// The connections of one listener, in the order of their last message, counted by the network that they come from. A listener
// that is full closes the one that has been idle longest; a network that has its share gets no further one, so that it
// cannot drive out all others (RFC 9210 section 6.2, RFC 7766 section 6.2.2 leave limits to the server).

import { prefixOf } from '../answer/client-prefix.ts';
import type { Client } from '../answer/desk.ts';

export type TableLimits = {
  readonly maxConnections: number;
  readonly maxConnectionsPerPrefix: number;
};

/** What the table needs of a connection. */
export type TabledConnection = { destroy(): void };

export class ConnectionTable<Connection extends TabledConnection> {
  readonly #limits: TableLimits;
  readonly #onEvict: () => void;
  /** With the prefix that each is counted under; the first is the longest idle. */
  readonly #connections = new Map<Connection, string>();
  /** No prefix is kept without a connection. */
  readonly #counts = new Map<string, number>();

  constructor(limits: TableLimits, onEvict: () => void) {
    this.#limits = limits;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Takes a new connection in; where there is no room, the longest idle one is closed for it. */
  add(connection: Connection): void {
    if (this.#connections.size >= this.#limits.maxConnections) this.#evictLongestIdle();
    this.#connections.set(connection, UNCOUNTED);
  }

  /** Whether one more from there would be served: for one that would not, nobody is to make room. */
  hasShareLeft(client: Client): boolean {
    return (this.#counts.get(prefixOf(client)) ?? 0) < this.#limits.maxConnectionsPerPrefix;
  }

  /** Counts it under the client's prefix. False where that has its share already: then it is to be closed. */
  assign(connection: Connection, client: Client): boolean {
    if (this.#connections.get(connection) !== UNCOUNTED || !this.hasShareLeft(client)) return false;
    const prefix = prefixOf(client);
    this.#counts.set(prefix, (this.#counts.get(prefix) ?? 0) + 1);
    this.#connections.set(connection, prefix);
    return true;
  }

  /** It has just been of use: all others have been idle for longer. */
  touch(connection: Connection): void {
    const prefix = this.#connections.get(connection);
    if (prefix === undefined) return;
    this.#connections.delete(connection);
    this.#connections.set(connection, prefix);
  }

  /** False where it was not there any more. */
  delete(connection: Connection): boolean {
    const prefix = this.#connections.get(connection);
    if (prefix === undefined) return false;
    this.#connections.delete(connection);
    if (prefix === UNCOUNTED) return true;
    const count = (this.#counts.get(prefix) ?? 0) - 1;
    if (count > 0) this.#counts.set(prefix, count);
    else this.#counts.delete(prefix);
    return true;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#connections.keys();
  }

  #evictLongestIdle(): void {
    const [longest] = this.#connections.keys();
    if (longest === undefined) return;
    this.#onEvict();
    longest.destroy();
    this.delete(longest);
  }
}

/** No client's prefix. */
const UNCOUNTED = '';

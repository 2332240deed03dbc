// The connections of one listener, in the order of their last message. A listener that is full closes the one that has been
// idle longest (RFC 7766 section 6.2.3 leaves the choice to us).

/** What the table needs of a connection. */
export type TabledConnection = { destroy(): void };

export class ConnectionTable<Connection extends TabledConnection> {
  readonly #maxConnections: number;
  readonly #onEvict: () => void;
  /** The first is the longest idle. */
  readonly #connections = new Set<Connection>();

  constructor(maxConnections: number, onEvict: () => void) {
    this.#maxConnections = maxConnections;
    this.#onEvict = onEvict;
  }

  /** Takes a new connection in; where there is no room, the longest idle one is closed for it. */
  add(connection: Connection): void {
    if (this.#connections.size >= this.#maxConnections) this.#evictLongestIdle();
    this.#connections.add(connection);
  }

  /** It has just been of use: all others have been idle for longer. */
  touch(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#connections.add(connection);
  }

  delete(connection: Connection): void {
    this.#connections.delete(connection);
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#connections.values();
  }

  #evictLongestIdle(): void {
    const [longest] = this.#connections;
    if (longest === undefined) return;
    this.#onEvict();
    this.#connections.delete(longest);
    longest.destroy();
  }
}

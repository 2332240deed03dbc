// All that is asked of one primary for one zone: over one connection while that is open, over another behind it; ended at once
// by its deadline, and by whoever calls it off.

import type { DnsServer } from '../model/dns-server.ts';
import { type Asked, type ConnectionLimits, PrimaryConnection, type TakeMessage } from './primary-connection.ts';

/** `wholeMs`: of everything together, by a clock that only goes forward. */
export type SessionLimits = ConnectionLimits & { readonly wholeMs: number };

export class PrimarySession {
  readonly #primary: DnsServer;
  readonly #limits: SessionLimits;
  readonly #signal: AbortSignal;
  readonly #deadline: NodeJS.Timeout;
  #connection: PrimaryConnection | undefined;
  /** Why there is to be no further connection. */
  #stopReason: string | undefined;

  constructor(primary: DnsServer, limits: SessionLimits, signal: AbortSignal) {
    this.#primary = primary;
    this.#limits = limits;
    this.#signal = signal;
    const late = `the transfer is not complete within ${limits.wholeMs / 1000} s`;
    this.#deadline = setTimeout(() => this.#stop(late), limits.wholeMs);
    if (signal.aborted) this.#callOff();
    else signal.addEventListener('abort', this.#callOff);
  }

  /**
   * Asks over the connection that there is. Where the primary has closed that meanwhile, as it may at any time (RFC 7766 section
   * 6.2.4), and has not begun to answer, over a new one.
   */
  async ask<Value>(query: Uint8Array, take: TakeMessage<Value>): Promise<Asked<Value>> {
    if (this.#connection?.isOpen) {
      const asked = await this.#connection.ask(query, take);
      if (asked.status !== 'closed' || asked.hasBegun) return asked;
    }
    if (this.#stopReason !== undefined) return { status: 'broken', reason: this.#stopReason };
    this.#connection = new PrimaryConnection(this.#primary, this.#limits);
    return await this.#connection.ask(query, take);
  }

  /** What is asked next goes over a new connection. */
  leaveConnection(): void {
    this.#connection?.close('');
    this.#connection = undefined;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#callOff);
    clearTimeout(this.#deadline);
    this.leaveConnection();
  }

  readonly #callOff = (): void => this.#stop('the transfer was called off');

  #stop(reason: string): void {
    this.#stopReason = reason;
    this.#connection?.close(reason);
  }
}

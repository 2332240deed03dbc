// Reads the PROXY header off the start of a connection, so that whatever is spoken on it (DNS, TLS) begins behind it.

import type { Socket } from 'node:net';
import type { Client } from '../answer/desk.ts';
import { HEADER_INCOMPLETE, HEADER_MALFORMED, readProxyHeader } from './proxy-header.ts';

/**
 * Calls `done` once, with true when the header is there and `client` (before: the balancer) is who it names, with false when
 * it is malformed or not whole in time. Never calls it where the connection ends before.
 */
export function takeProxyHeader(
  socket: Socket,
  client: Client,
  timeoutMs: number,
  done: (isRead: boolean) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const stop = () => {
    clearTimeout(deadline);
    socket.off('readable', read);
    socket.off('close', stop);
  };
  const finish = (isRead: boolean) => {
    stop();
    done(isRead);
  };
  const deadline = setTimeout(() => finish(false), timeoutMs);
  /** The longest header bounds the bytes: with more of them it is whole, or malformed. */
  const read = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const length = readProxyHeader(bytes, 0, bytes.length, client);
    if (length === HEADER_INCOMPLETE) return;
    if (length === HEADER_MALFORMED) return finish(false);
    if (bytes.length > length) socket.unshift(bytes.subarray(length));
    finish(true);
  };
  socket.on('readable', read);
  socket.on('close', stop);
}

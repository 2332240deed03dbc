// DNS over UDP with node:dgram: what serves where there is no batch socket. One message in, at most one message out.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { answerQuery, UDP } from '../answer/answer-query.ts';
import {
  countDropped,
  countDuration,
  DROPPED_OVERLOAD,
  DROPPED_OVERSIZED,
  DROPPED_UNSENT,
} from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { ignorePortZero } from '../answer/silence.ts';
import { MAX_UDP_PAYLOAD } from '../wire/response.ts';
import { setClientAddress } from './client-address.ts';
import {
  bindError,
  type Listener,
  MAX_UDP_QUERY_BYTES,
  RECEIVE_BUFFER_BYTES,
  type UdpOptions,
  waitUntilQuiet,
} from './listener.ts';
import { readClock } from './read-clock.ts';
import { skipProxyHeader } from './skip-proxy-header.ts';

/** Answers that may wait for the kernel at once; when it takes no more, further ones are dropped, as UDP allows. */
const MAX_PENDING_SENDS = 4096;

/** Rejects with advice when the address cannot be bound. */
export async function listenUdp({ host, port, reusePort, trusted }: UdpOptions, desk: Desk): Promise<Listener> {
  const family = isIPv6(host) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    reusePort,
    // Addresses are all that we send to: nothing is ever looked up.
    lookup: (address, _options, callback) => callback(null, address, family),
  });
  await bind(socket, host, port);
  enlargeReceiveBuffer(socket);

  const free: Uint8Array[] = [];
  let pending = 0;
  let received = 0;
  socket.on('message', (message: Buffer, remote: RemoteInfo) => {
    received++;
    const begun = performance.now();
    // Nobody can receive on port 0 (and sending there fails).
    if (remote.port === 0) return ignorePortZero(desk, message, 0, message.length);
    if (message.length > MAX_UDP_QUERY_BYTES) return countDropped(desk.counters, DROPPED_OVERSIZED, 1);
    if (pending >= MAX_PENDING_SENDS) return countDropped(desk.counters, DROPPED_OVERLOAD, 1);
    setClientAddress(desk.client, remote.address);
    const start = trusted === undefined ? 0 : skipProxyHeader(trusted, desk, message, 0, message.length);
    if (start < 0) return;
    const out = free.pop() ?? new Uint8Array(MAX_UDP_PAYLOAD);
    readClock(desk);
    const length = answerQuery(desk, message, start, message.length - start, out, 0, out.length, UDP);
    if (length === 0) {
      free.push(out);
      return;
    }
    pending++;
    socket.send(out, 0, length, remote.port, remote.address, (error) => {
      // A send that failed (no route, no buffer) is a lost datagram: the client asks again.
      if (error !== null) countDropped(desk.counters, DROPPED_UNSENT, 1);
      pending--;
      free.push(out);
    });
    countDuration(desk.counters, (performance.now() - begun) / 1000, 1);
  });
  // After binding, errors are those of single datagrams (an ICMP unreachable, say): they concern no one else.
  socket.on('error', () => countDropped(desk.counters, DROPPED_OVERLOAD, 1));

  return {
    protocol: 'udp',
    host,
    port: socket.address().port,
    async close() {
      await waitUntilQuiet(
        () => received,
        () => pending > 0,
      );
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

async function bind(socket: Socket, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      socket.close();
      reject(bindError('udp', host, port, cause));
    };
    socket.once('error', fail);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', fail);
      resolve();
    });
  });
}

/** Room for a burst; the kernel caps it at net.core.rmem_max, and less room is no failure. */
function enlargeReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // Kept as the system gives it.
  }
}

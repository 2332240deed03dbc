// Tries addresses before anybody needs them. Where several threads share one (SO_REUSEPORT), the kernel would let another
// process of ours share it too, and half of the queries would go there: so it is first taken alone, and given back.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { ListenAddress } from '../model/listen-address.ts';
import { bindError, type Protocol } from './listener.ts';

export type CheckedAddress = ListenAddress & { readonly protocol: Protocol };

/** Rejects with advice at the first that cannot be had. Port 0 can always be had. */
export async function checkAddresses(addresses: readonly CheckedAddress[]): Promise<void> {
  for (const { protocol, host, port } of addresses) {
    if (port !== 0) await tryBind(protocol, host, port, protocol === 'udp' ? bindUdp : bindTcp);
  }
}

async function tryBind(protocol: Protocol, host: string, port: number, bind: typeof bindUdp): Promise<void> {
  try {
    await bind(host, port);
  } catch (error) {
    throw error instanceof Error ? bindError(protocol, host, port, error) : error;
  }
}

async function bindUdp(host: string, port: number): Promise<void> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', ipv6Only: isIPv6(host) });
  try {
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, 'listening');
  } finally {
    socket.close();
  }
}

async function bindTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port, ipv6Only: isIPv6(host), exclusive: true });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

// A desk behind real sockets, in the process of the test: UDP and TCP on one port of loopback.

import type { Desk } from '../../src/answer/desk.ts';
import { listenTcp } from '../../src/transport/tcp.ts';
import { listenUdp } from '../../src/transport/udp-dgram.ts';
import { dnsSettings } from './dns-settings.ts';
import { findFreePort } from './free-port.ts';

export type ServedDesk = { readonly port: number; close(): Promise<void> };

export async function serveDesk(desk: Desk): Promise<ServedDesk> {
  const at = { host: '127.0.0.1', port: await findFreePort(), reusePort: false };
  const listeners = [await listenUdp(at, desk), await listenTcp({ ...at, limits: dnsSettings().tcp }, desk)];
  return {
    port: at.port,
    close: async () => void (await Promise.all(listeners.map((listener) => listener.close()))),
  };
}

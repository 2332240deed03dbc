// Opens every listener of an answer thread: UDP and TCP on each address of dns.listen, TLS on those of
// dns.tls.listen, HTTPS on those of dns.https.listen.

import type { Desk } from '../answer/desk.ts';
import type { Settings } from '../model/settings.ts';
import type { Certificate } from '../transport/certificate.ts';
import { listenHttps } from '../transport/https.ts';
import type { Listener, Protocol, UdpTransport } from '../transport/listener.ts';
import { listenTcp } from '../transport/tcp.ts';
import { listenTls } from '../transport/tls.ts';
import { trustPeers } from '../transport/trusted-peers.ts';
import { createUdpListener } from '../transport/udp.ts';

/** What a thread listens with, wherever that is. */
export type ListenerOptions = Pick<Settings['dns'], 'tcp' | 'tls' | 'https' | 'proxyProtocol'> & {
  readonly transport: UdpTransport;
  /** Whether other threads listen on the same addresses. */
  readonly isShared: boolean;
  /** By protocol, the connections that the thread has open: memory that the control thread reads. */
  readonly openConnections: Int32Array;
};

export type BoundAddress = { readonly protocol: Protocol; readonly host: string; readonly port: number };

/** Where port 0 was asked for, so many others are tried until one is free for UDP and TCP alike. */
const MAX_PORT_TRIES = 20;

/** TCP is opened where UDP is asked for. `certificate` must be there for TLS and HTTPS. Rejects, with all closed again, at the first fault. */
export async function openListeners(
  options: ListenerOptions,
  addresses: readonly BoundAddress[],
  certificate: Certificate | undefined,
  desk: Desk,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const address of addresses) listeners.push(...(await openAt(options, address, certificate, desk)));
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
}

async function openAt(
  options: ListenerOptions,
  { protocol, host, port }: BoundAddress,
  certificate: Certificate | undefined,
  desk: Desk,
): Promise<Listener[]> {
  const { tcp: limits, tls, https, openConnections, isShared: reusePort } = options;
  const trusted = trustPeers(options.proxyProtocol.from);
  const stream = { host, port, reusePort, limits, openConnections, trusted };
  switch (protocol) {
    case 'udp':
      return openBoth(options, host, port, desk);
    case 'tcp':
      return [];
    case 'tls':
    case 'https': {
      if (certificate === undefined) throw new Error(`${protocol} was asked for without a certificate`);
      const { handshakeTimeoutMs, maxHandshakesPerSecond } = tls;
      const secure = { ...stream, certificate, handshakeTimeoutMs, maxHandshakesPerSecond };
      return [
        await (protocol === 'tls' ? listenTls(secure, desk) : listenHttps({ ...secure, path: https.path }, desk)),
      ];
    }
  }
}

/** UDP and TCP on the same port. */
async function openBoth(options: ListenerOptions, host: string, port: number, desk: Desk): Promise<Listener[]> {
  const { transport, tcp: limits, openConnections, isShared: reusePort } = options;
  const listenUdp = createUdpListener(transport);
  const trusted = trustPeers(options.proxyProtocol.from);
  for (let tries = 1; ; tries++) {
    const udp = await listenUdp({ host, port, reusePort, trusted }, desk);
    try {
      return [udp, await listenTcp({ limits, openConnections, trusted, host, port: udp.port, reusePort }, desk)];
    } catch (error) {
      await udp.close();
      if (port !== 0 || tries === MAX_PORT_TRIES) throw error;
    }
  }
}

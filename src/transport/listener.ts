// What every listener is to those who start and stop it, and how one that cannot start says so.

import { setTimeout as sleep } from 'node:timers/promises';
import type { PROTOCOLS } from '../answer/counters.ts';
import type { Certificate } from './certificate.ts';
import type { TrustedPeers } from './trusted-peers.ts';

export type Protocol = (typeof PROTOCOLS)[number];

export type Listener = {
  readonly protocol: Protocol;
  readonly host: string;
  /** The real one, also where 0 was asked for. */
  readonly port: number;
  /** Answers what has been received, then closes. Resolves within twice CLOSE_LIMIT_MS. */
  close(): Promise<void>;
  /** Of TLS and HTTPS: shown from the next handshake on; connections that are open go on. */
  readonly setCertificate?: (certificate: Certificate) => void;
};

/** The batch socket, or Node's own. */
export type UdpTransport = 'batch' | 'dgram';
export type UdpOptions = {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** Those whose datagrams begin with a PROXY header; undefined where there are none. */
  readonly trusted?: TrustedPeers | undefined;
};

/** Room for a burst; the kernel caps it at net.core.rmem_max, and less room is no failure. */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** A longer datagram is dropped: no query that could be answered comes near it. */
export const MAX_UDP_QUERY_BYTES = 4096;

/** How long closing waits while messages keep coming, and then for peers to take their answers. */
export const CLOSE_LIMIT_MS = 1000;

/** Where the addresses of each come from, as a setting and as a variable. */
const SETTING_OF: Readonly<Record<Protocol, { readonly setting: string; readonly variable: string }>> = {
  udp: { setting: 'dns.listen', variable: 'AZIMUTH_DNS_LISTEN' },
  tcp: { setting: 'dns.listen', variable: 'AZIMUTH_DNS_LISTEN' },
  tls: { setting: 'dns.tls.listen', variable: 'AZIMUTH_DNS_TLS_LISTEN' },
  https: { setting: 'dns.https.listen', variable: 'AZIMUTH_DNS_HTTPS_LISTEN' },
};

/** SETTING and VARIABLE stand for those above. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there: stop it, or choose another address in SETTING (VARIABLE)',
  EACCES:
    'ports below 1024 need a privilege: run with CAP_NET_BIND_SERVICE, or lower net.ipv4.ip_unprivileged_port_start',
  ENOTSUP: 'this system does not let threads share an address: set dns.threads to 1',
  EADDRNOTAVAIL: 'this machine does not have that address: correct SETTING, or bring the interface up first',
};

/** An error for a listener that cannot be bound, with what to do about it. */
export function bindError(protocol: Protocol, host: string, port: number, cause: NodeJS.ErrnoException): Error {
  const { setting, variable } = SETTING_OF[protocol];
  const advice = (ADVICE[cause.code ?? ''] ?? cause.message).replace('SETTING', setting).replace('VARIABLE', variable);
  return new Error(`cannot listen on ${protocol} ${host} port ${port} (${cause.code ?? 'unknown'}): ${advice}`, {
    cause,
  });
}

const QUIET_MS = 10;

/** Waits until nothing has come in for a moment and nothing waits to go out, but not longer than CLOSE_LIMIT_MS. */
export async function waitUntilQuiet(countReceived: () => number, isPending: () => boolean): Promise<void> {
  const deadline = performance.now() + CLOSE_LIMIT_MS;
  for (let before = -1; (before !== countReceived() || isPending()) && performance.now() < deadline; ) {
    before = countReceived();
    await sleep(QUIET_MS);
  }
}

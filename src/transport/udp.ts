// Which way UDP is read: with the batch socket where it can be had, otherwise with Node's own.

import type { Desk } from '../answer/desk.ts';
import { type LoadedNative, loadNative } from '../native/load-native.ts';
import type { Listener, UdpOptions, UdpTransport } from './listener.ts';
import { listenUdpBatch } from './udp-batch.ts';
import { listenUdp } from './udp-dgram.ts';

/** What a node reads UDP with, and where it is not the batch socket, why. */
export type ChosenTransport = { readonly transport: UdpTransport; readonly reason: string };

/** `auto` takes the batch socket if there is one. @throws Error with advice where it was asked for and there is none. */
export function chooseTransport(
  asked: 'auto' | UdpTransport,
  loaded: () => LoadedNative = loadNative,
): ChosenTransport {
  if (asked === 'dgram') return { transport: 'dgram', reason: 'dns.transport asks for it' };
  const found = loaded();
  if (found.ok) return { transport: 'batch', reason: '' };
  if (asked === 'auto') return { transport: 'dgram', reason: found.reason };
  throw new Error(
    `dns.transport is batch, and the batch socket cannot be had: ${found.reason}. ` +
      'Build it (node scripts/build-native.mjs, with a C compiler, on Linux), or set dns.transport to auto',
  );
}

/** How to listen with `transport`, which must have been chosen by chooseTransport. */
export function createUdpListener(transport: UdpTransport): (options: UdpOptions, desk: Desk) => Promise<Listener> {
  if (transport === 'dgram') return listenUdp;
  const loaded = loadNative();
  if (!loaded.ok) throw new Error(loaded.reason);
  return async (options, desk) => listenUdpBatch(options, desk, loaded.native);
}

// Both ways to read UDP, for tests that hold them to the same answers.

import type { Desk } from '../../src/answer/desk.ts';
import type { Listener, UdpOptions, UdpTransport } from '../../src/transport/listener.ts';
import { listenUdpBatch } from '../../src/transport/udp-batch.ts';
import { listenUdp } from '../../src/transport/udp-dgram.ts';
import { isNativeMissing, testNative } from './test-native.ts';

export type TestedTransport = {
  readonly name: UdpTransport;
  readonly skip: string | false;
  readonly listen: (options: UdpOptions, desk: Desk) => Promise<Listener>;
};

export const DGRAM: TestedTransport = { name: 'dgram', skip: false, listen: listenUdp };
export const BATCH: TestedTransport = {
  name: 'batch',
  skip: isNativeMissing,
  listen: async (options, desk) => listenUdpBatch(options, desk, testNative()),
};

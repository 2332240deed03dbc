// The icmp check: one echo request, and whether its reply comes in time. It says that a host is there, not that it serves.

import type { Observation } from '../health/vote.ts';
import { parseAddress } from '../model/address.ts';
import type { EchoSockets } from './echo-sockets.ts';
import { type CheckKind, observe } from './observe.ts';

/** Succeeds on the reply. Where this worker can ask nobody, its observation is inconclusive. Never throws; see observe.ts. */
export function createIcmpCheck(sockets: EchoSockets): CheckKind {
  return (_target, options): Promise<Observation> =>
    observe(options, (witness) => {
      const address = parseAddress(options.address);
      if (address === undefined) throw new Error(`${options.address} is no address`);
      witness.enter('waiting for the echo reply');
      const asked = sockets.ask(address, () => witness.succeed('the echo came back'));
      if (asked.ok) return asked.endWait;
      witness.abstain(asked.reason);
      return () => undefined;
    });
}

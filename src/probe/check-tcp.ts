// The tcp check: connects, sends what the monitor says, and looks for what it expects in the first bytes that come back.

import { connect } from 'node:net';
import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import { type CheckOptions, MAX_ANSWER_BYTES, observe } from './observe.ts';

/** Succeeds on connecting when nothing is expected. Never throws; see observe.ts. */
export function checkTcp(target: Target, options: CheckOptions): Promise<Observation> {
  return observe(options, (witness) => {
    const { send, expect } = target.check.type === 'tcp' ? target.check : {};
    const wanted = expect === undefined ? undefined : Buffer.from(expect);
    let received = Buffer.alloc(0);
    witness.enter('connecting');
    const socket = connect({ host: options.address, port: target.port });
    socket.on('error', witness.failWith);
    socket.on('connect', () => {
      if (wanted !== undefined) witness.enter('waiting for the expected bytes');
      else if (send !== undefined) witness.enter('sending');
      else witness.succeed('connected');
      if (send !== undefined) socket.write(send, () => wanted === undefined && witness.succeed('connected, and sent'));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]).subarray(0, MAX_ANSWER_BYTES);
      if (wanted === undefined) return;
      if (received.includes(wanted)) witness.succeed('connected, and the expected bytes came');
      else if (received.length === MAX_ANSWER_BYTES) witness.fail('the expected bytes did not come first');
    });
    socket.on('close', () => witness.fail('connection closed before the expected bytes came'));
    return () => socket.destroy();
  });
}

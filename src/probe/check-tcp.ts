// The tcp check: connects, sends what the monitor says, and looks for what it expects in the first bytes that come back.

import { connect } from 'node:net';
import type { Target } from '../health/target.ts';
import type { Observation } from '../health/vote.ts';
import { type CheckOptions, observe } from './observe.ts';
import { createTextFinder } from './text-finder.ts';

/** Succeeds on connecting when nothing is expected. Never throws; see observe.ts. */
export function checkTcp(target: Target, options: CheckOptions): Promise<Observation> {
  return observe(options, (witness) => {
    const { send, expect } = target.check.type === 'tcp' ? target.check : {};
    const finder = expect === undefined ? undefined : createTextFinder(expect);
    witness.enter('connecting');
    const socket = connect({ host: options.address, port: target.port });
    socket.on('error', witness.failWith);
    socket.on('connect', () => {
      if (finder !== undefined) witness.enter('waiting for the expected bytes');
      else if (send !== undefined) witness.enter('sending');
      else witness.succeed('connected');
      if (send !== undefined) socket.write(send, () => finder === undefined && witness.succeed('connected, and sent'));
    });
    socket.on('data', (chunk) => {
      const finding = finder?.push(chunk);
      if (finding === 'found') witness.succeed('connected, and the expected bytes came');
      else if (finding === 'missing') witness.fail('the expected bytes did not come first');
    });
    socket.on('close', () => {
      if (finder?.finish() === 'found') witness.succeed('connected, and the expected bytes came');
      else witness.fail('connection closed before the expected bytes came');
    });
    return () => socket.destroy();
  });
}

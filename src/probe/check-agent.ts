// The agent check: connects, sends what the monitor says, and reads the one line that comes back.

import { connect } from 'node:net';
import { readAgentLine } from './agent-line.ts';
import { type CheckKind, MAX_ANSWER_BYTES, observe } from './observe.ts';

/** Succeeds when the agent says so; see agent-line.ts. Never throws; see observe.ts. */
export const checkAgent: CheckKind = ({ check, port }, options) =>
  observe(options, (witness) => {
    if (check.type !== 'agent') throw new Error('not an agent check');
    const { send } = check;
    let line = '';
    witness.enter('connecting');
    const socket = connect({ host: options.address, port });
    socket.on('error', witness.failWith);
    socket.on('connect', () => {
      witness.enter('waiting for the line of the agent');
      if (send !== undefined) socket.write(send);
    });
    socket.on('data', (chunk) => {
      line += chunk.toString('latin1', 0, MAX_ANSWER_BYTES - line.length);
      const end = line.search(/[\r\n]/);
      if (end >= 0) witness.conclude(readAgentLine(line.slice(0, end)));
      else if (line.length >= MAX_ANSWER_BYTES) witness.fail('the line of the agent does not end');
    });
    socket.on('close', () => witness.fail('the agent closed the connection before its line ended'));
    return () => socket.destroy();
  });

// A server of the package dns2 that gives everybody the same address: what one would begin with in this language.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../support/free-port.ts';
import { type ServerKind, waitForAnswer } from './server.ts';

const PROGRAM = fileURLToPath(new URL('../dns2-server.ts', import.meta.url));

export const DNS2: ServerKind = {
  name: 'dns2',
  label: 'dns2',
  steersBy: 'nothing, a fixed address',
  command: undefined,
  apt: '',
  kinds: new Set(['ecs4', 'ecs6', 'source', 'static']),
  readVersion: () => {
    const { version }: { version: string } = createRequire(import.meta.url)('dns2/package.json');
    return version;
  },
  async start({ processes, prefix }) {
    const port = await findFreePort();
    const running = processes.run(process.execPath, [PROGRAM, String(port)], { name: 'dns2', prefix });
    return { name: 'dns2', port, running, startedInMs: await waitForAnswer(running, port) };
  },
};

// How long a node needs from its start to its first answer, with the store unreachable and everything it needs on its disk.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryAsk, waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, ROOT, shareGeoCache } from '../support/processes.ts';
import { describeTimes } from './figures.ts';

const SERVICE = 'www.gtm.example.com';
const STARTS = 5;
const LIMIT_MS = 30_000;

export async function benchStartTime(say: (text: string) => void): Promise<object> {
  const processes = await openProcesses();
  try {
    const stateDirectory = processes.makeDirectory('state');
    await shareGeoCache(stateDirectory);
    const [port, apiPort] = [await findFreePort(), await findFreePort()];
    const settings = {
      dns: { listen: [`127.0.0.1:${port}`] },
      api: { listen: `127.0.0.1:${apiPort}` },
      telemetry: { listen: `127.0.0.1:${apiPort}` },
      stateDirectory,
      // The example's backends are checked on loopback; that nobody listens there changes nothing here.
      probe: { allowNetworks: ['127.0.0.0/8'] },
    };
    const settingsFile = join(processes.makeDirectory('files'), 'settings.json');
    writeFileSync(settingsFile, JSON.stringify(settings));
    const measure = async (args: readonly string[]) => {
      const began = performance.now();
      const running = processes.azimuth([...args, '--settings', settingsFile], { name: 'start' });
      await Promise.race([
        waitUntil('it answers', () => isAnswered(port), LIMIT_MS, 2),
        running.exited.then(() => Promise.reject(new Error(running.output()))),
      ]);
      const ms = performance.now() - began;
      await running.stop();
      return ms;
    };
    const up = ['up', '--config', join(ROOT, 'config/example.yaml')];
    await measure(up);
    const withoutStore = ['dns', '--store', 'redis://127.0.0.1:1'];
    const times: { up: number[]; dns: number[] } = { up: [], dns: [] };
    for (let count = 1; count <= STARTS; count++) {
      say(`start time, ${count} of ${STARTS}`);
      times.up.push(await measure(up));
      times.dns.push(await measure(withoutStore));
    }
    return {
      setting: 'the example configuration, map of clients in the cache, until the first answer',
      up: describeTimes(times.up),
      dnsWithoutStore: describeTimes(times.dns),
    };
  } finally {
    await processes.close();
  }
}

async function isAnswered(port: number): Promise<boolean> {
  return (await tryAsk({ host: '127.0.0.1', port }, { name: SERVICE, timeoutMs: 50 })) !== undefined;
}

// A node whose zone of a hundred thousand names is signed: its first start, when everything has to be signed, and the next, when
// signatures are on its disk.

import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeKeyring, nameKeyring } from '../../src/dnssec/keyring.ts';
import { splitObjects } from '../../src/model/objects.ts';
import type { RecordDocument } from '../../src/model/zone.ts';
import { composeRevision } from '../../src/roles/revision-texts.ts';
import { writePersistedRevision } from '../../src/store/persisted-revision.ts';
import { SIGNATURES_FILE } from '../../src/store/persisted-signatures.ts';
import { Delegation, ZONE } from '../support/delegation.ts';
import { tryAsk, waitUntil } from '../support/dns-ask.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes, shareGeoCache } from '../support/processes.ts';
import { median, round } from './figures.ts';
import { readCpuTime } from './proc-status.ts';

/** What test/support/delegation.ts encrypts its keys with. */
const SECRET_TEXT = '11'.repeat(32);
const START_LIMIT_MS = 240_000;
const WRITE_LIMIT_MS = 120_000;
const RESTARTS = 3;

type Start = { readonly seconds: number; readonly cpuSeconds: number };

/** `records`: those of the zone, the last of them an address. Times end with the first answer; CPU is that of the whole process. */
export async function measureSignedStart(records: readonly RecordDocument[]): Promise<object> {
  const processes = await openProcesses();
  try {
    const stateDirectory = processes.makeDirectory('state');
    await shareGeoCache(stateDirectory);
    await writeSignedRevision(stateDirectory, records);
    const name = `${records.at(-1)?.name}.${ZONE}`;
    const size = () => statSync(join(stateDirectory, SIGNATURES_FILE), { throwIfNoEntry: false })?.size ?? 0;
    const first = await measureStart(processes, stateDirectory, name, () => size() > 0);
    const again: Start[] = [];
    for (let turn = 0; turn < RESTARTS; turn++) {
      again.push(await measureStart(processes, stateDirectory, name, () => true));
    }
    return {
      names: records.length,
      first,
      again: {
        seconds: median(again.map(({ seconds }) => seconds)),
        cpuSeconds: median(again.map(({ cpuSeconds }) => cpuSeconds)),
      },
      fileMegabytes: round(size() / 1e6, 1),
    };
  } finally {
    await processes.close();
  }
}

async function writeSignedRevision(directory: string, records: readonly RecordDocument[]): Promise<void> {
  const delegation = new Delegation();
  delegation.wait(24, true);
  const texts = new Map(
    splitObjects({ zones: [{ name: ZONE, ns: ['ns1'], records: [...records], dnssec: { enabled: true } }] }),
  );
  texts.set(nameKeyring(ZONE), composeKeyring(delegation.keyring));
  const words = { id: { generation: 1, number: 1 }, parent: null, author: 'bench', message: '', createdAtMs: 0 };
  await writePersistedRevision(directory, composeRevision(words, texts));
}

/** `isDone`: it is stopped then. */
async function measureStart(
  processes: Processes,
  stateDirectory: string,
  name: string,
  isDone: () => boolean,
): Promise<Start> {
  const [port, telemetry] = [await findFreePort(), await findFreePort()];
  const files = processes.makeDirectory('files');
  const [secretFile, settingsFile] = [join(files, 'secret'), join(files, 'settings.json')];
  writeFileSync(secretFile, SECRET_TEXT);
  const settings = {
    dns: { listen: [`127.0.0.1:${port}`], threads: 1 },
    telemetry: { listen: `127.0.0.1:${telemetry}` },
    dnssec: { secretFile },
    stateDirectory,
  };
  writeFileSync(settingsFile, JSON.stringify(settings));
  const began = performance.now();
  const node = processes.azimuth(['dns', '--store', 'redis://127.0.0.1:1', '--settings', settingsFile], {
    name: 'signed start',
  });
  const question = { name, dnssecOk: true, timeoutMs: 100 };
  const isAnswered = async () => (await tryAsk({ host: '127.0.0.1', port }, question))?.rcode === 'NOERROR';
  await waitUntil('it answers', isAnswered, START_LIMIT_MS, 5);
  const seconds = round((performance.now() - began) / 1000, 2);
  const { user, system } = readCpuTime(node.pid);
  await waitUntil('its signatures are on disk', isDone, WRITE_LIMIT_MS);
  await node.stop();
  return { seconds, cpuSeconds: round(user + system, 2) };
}

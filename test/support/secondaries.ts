// Azimuth with zones that others copy, and the servers that copy them: BIND and Knot in directories of their own, on
// loopback, signed with one key. All of them are ended with the processes of the test.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from './free-port.ts';
import { makeSelfSigned } from './make-certificate.ts';
import type { Processes, Running } from './processes.ts';
import { findProgram } from './require-program.ts';
import { runNamed } from './run-named.ts';

export const KEY_SECRET = Buffer.alloc(32, 'azimuth-test-key').toString('base64');
export const KEY_NAME = 'transfer-key';
/** As dig -y and kdig -y take it. */
export const KEY_ARGUMENT = `hmac-sha256:${KEY_NAME}:${KEY_SECRET}`;
export const KEY_TEXT = `key "${KEY_NAME}" {\n\talgorithm hmac-sha256;\n\tsecret "${KEY_SECRET}";\n};\n`;

export type Primary = {
  readonly running: Running;
  readonly port: number;
  readonly tlsPort: number;
  readonly keyFile: string;
  readonly api: { readonly url: string; readonly tokenFile: string };
};

/** Azimuth in one process, without a map of clients. */
export async function startPrimary(processes: Processes, configuration: unknown): Promise<Primary> {
  const stateDirectory = processes.makeDirectory('azimuth');
  const [port, tlsPort, apiPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const keyFile = join(stateDirectory, 'keys');
  writeFileSync(keyFile, KEY_TEXT, { mode: 0o600 });
  const { certificate, key } = makeSelfSigned(['localhost']);
  const pem = (name: string, text: string) => {
    const file = join(stateDirectory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const tls = {
    listen: [`127.0.0.1:${tlsPort}`],
    certificate: pem('certificate.pem', certificate),
    key: pem('key.pem', key),
  };
  const settings = {
    dns: { listen: [`127.0.0.1:${port}`, `[::1]:${port}`], threads: 2, tsig: { keyFile }, tls },
    api: { listen: `127.0.0.1:${apiPort}` },
    geo: { directory: processes.makeDirectory('geo'), bundled: false },
    stateDirectory,
  };
  const write = (name: string, content: unknown) => {
    const file = join(stateDirectory, name);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };
  const args = ['up', '--settings', write('settings.json', settings), '--config', write('config.json', configuration)];
  const running = processes.azimuth(args, { name: 'azimuth', environment: { AZIMUTH_LOG_FORMAT: 'json' } });
  await running.waitFor(/^dns {6}udp\+tcp/m, 60_000);
  const api = { url: `http://127.0.0.1:${apiPort}`, tokenFile: join(stateDirectory, 'token') };
  return { running, port, tlsPort, keyFile, api };
}

export type Secondary = { readonly running: Running; readonly port: number; readonly directory: string };

export async function startBind(
  processes: Processes,
  port: number,
  primaryPort: number,
  zones: readonly string[],
): Promise<Secondary> {
  const directory = processes.makeDirectory('named');
  const zoneTexts = zones.map(
    (zone) =>
      `zone "${zone}" { type secondary; primaries port ${primaryPort} { 127.0.0.1 key ${KEY_NAME}; }; file "${zone}.zone"; };\n`,
  );
  const running = await runNamed(processes, {
    name: 'named',
    directory,
    port,
    options: `recursion no; dnssec-validation no; notify no;
  masterfile-format text; masterfile-style full; allow-transfer { any; };`,
    keys: KEY_TEXT,
    rest: zoneTexts.join(''),
  });
  return { running, port, directory };
}

export async function startKnot(
  processes: Processes,
  port: number,
  primaryPort: number,
  zones: readonly string[],
): Promise<Secondary> {
  const directory = processes.makeDirectory('knot');
  const file = join(directory, 'knot.conf');
  writeFileSync(
    file,
    `server:
  listen: 127.0.0.1@${port}
  rundir: ${directory}
database:
  storage: ${directory}
log:
  - target: stderr
    any: info
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${KEY_SECRET}
remote:
  - id: azimuth
    address: 127.0.0.1@${primaryPort}
    key: ${KEY_NAME}
acl:
  - id: azimuth-notify
    key: ${KEY_NAME}
    action: notify
template:
  - id: default
    storage: ${directory}
    master: azimuth
    acl: azimuth-notify
zone:
${zones.map((zone) => `  - domain: ${zone}\n`).join('')}`,
  );
  const running = processes.run(findProgram('knotd') ?? 'knotd', ['-c', file], { name: 'knotd' });
  return { running, port, directory };
}

const execute = promisify(execFile);
const LIMIT_MS = 15_000;

/** What a program says on its standard output; of one that fails, on both. */
export async function say(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(findProgram(command) ?? command, [...args], {
      timeout: LIMIT_MS,
      maxBuffer: 2 ** 26,
    });
    return stdout;
  } catch (error) {
    const said = { stdout: '', stderr: '', ...(error instanceof Error ? error : {}) };
    return `${said.stdout}${said.stderr}`;
  }
}

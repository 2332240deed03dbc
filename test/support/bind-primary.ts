// BIND as a hidden primary: zones that are changed by dynamic updates, one of which it signs itself.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes, Running } from './processes.ts';
import { runNamed } from './run-named.ts';
import { KEY_ARGUMENT, KEY_NAME, KEY_TEXT, say } from './secondaries.ts';

export type BindPrimary = { readonly running: Running; readonly port: number; readonly directory: string };

export type PrimaryZone = { readonly name: string; readonly text: string; readonly isSigned?: boolean };

/** `notifyPort`: of the secondary on loopback that is told of changes. With a `directory`, it goes on where another one ended. */
export async function startHiddenPrimary(
  processes: Processes,
  {
    port,
    notifyPort,
    zones,
    directory = processes.makeDirectory('primary'),
  }: {
    readonly port: number;
    readonly notifyPort: number;
    readonly zones: readonly PrimaryZone[];
    readonly directory?: string;
  },
  isFresh = true,
): Promise<BindPrimary> {
  const zoneTexts = zones.map(({ name, text, isSigned = false }) => {
    if (isFresh) writeFileSync(join(directory, `${name}.zone`), text);
    const signing = isSigned ? 'dnssec-policy default; inline-signing yes; ' : '';
    return `zone "${name}" { type primary; file "${name}.zone"; ${signing}allow-update { key ${KEY_NAME}; }; allow-transfer { key ${KEY_NAME}; }; also-notify { 127.0.0.1 port ${notifyPort} key ${KEY_NAME}; }; notify explicit; };\n`;
  });
  const options = `key-directory "${directory}"; recursion no; dnssec-validation no; notify-delay 0; serial-query-rate 1000;`;
  const running = await runNamed(processes, {
    name: 'primary',
    directory,
    port,
    options,
    keys: KEY_TEXT,
    rest: zoneTexts.join(''),
  });
  return { running, port, directory };
}

/** A dynamic update (RFC 2136), as nsupdate reads it. */
export async function update(port: number, lines: readonly string[], directory: string): Promise<string> {
  const file = join(directory, 'update');
  writeFileSync(file, [`server 127.0.0.1 ${port}`, ...lines, 'send', ''].join('\n'));
  return say('nsupdate', ['-y', KEY_ARGUMENT, file]);
}

// `azimuth zone`: zones in and out as master files (RFC 1035 section 5), many in one revision.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Locate } from '../documents/read-document.ts';
import { listZoneFiles, readZoneFile, zoneOfFile } from '../documents/read-zone-files.ts';
import { compileShape } from '../model/check-shape.ts';
import { ConfigurationSchema } from '../model/configuration.ts';
import { findItem, normalizeKey, putItem } from '../model/edit-document.ts';
import { splitPointer, toPointer } from '../model/pointer.ts';
import type { MasterFileProblem } from '../zone/master-file/read-master-file.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { endUnhealthy, fail, failUsage } from './failure.ts';
import { count, outputOf } from './output.ts';
import { printChanges } from './print-changes.ts';
import { putRead } from './put-document.ts';
import { registerZoneCopy } from './zone-copy.ts';
import { registerZoneKeys } from './zone-keys.ts';

type ImportOptions = ApiOptions & { readonly name?: string; readonly dryRun?: boolean; readonly message?: string };
type ZoneFile = { readonly file: string; readonly zone: string };

const SHAPE = compileShape(ConfigurationSchema);

export function registerZone(program: Command): void {
  const zone = program
    .command('zone')
    .description('zones in and out as master files, how fresh copies are, and the keys of signed zones');

  const importing = zone
    .command('import <paths...>')
    .description('create or replace zones from master files, or from all *.zone files of a folder, in one revision')
    .option('--name <zone>', 'the zone of the one file; else the name of each file without .zone')
    .option('--dry-run', 'only show what would change')
    .option('--message <text>', 'what the history says of it');
  addApiOptions(importing).action(importZones);

  const exporting = zone
    .command('export <zone>')
    .description('print a zone as a master file, without its steered names');
  addApiOptions(exporting).action(async (name: string, options: ApiOptions, self: Command) => {
    const client = openApiClient(self, options);
    const { text } = client.expect(await client.send('GET', `/v1/zones/${encodeURIComponent(name)}/file`));
    if (options.json === true) outputOf(self).printJson({ zone: name, file: text });
    else outputOf(self).print(text.trimEnd());
  });

  registerZoneKeys(zone);
  registerZoneCopy(zone);
}

async function importZones(paths: readonly string[], options: ImportOptions, command: Command): Promise<void> {
  const files = listFiles(command, paths, options.name);
  const client = openApiClient(command, options);
  const current = client.expect(await client.send('GET', '/v1/configuration'));
  if (!SHAPE.accepts(current.body)) return fail(command, 'the API answered what this version does not understand');
  let document: Readonly<Record<string, unknown>> = current.body;
  const places = new Map<string, Locate>();
  const problems: MasterFileProblem[] = [];
  const fileOf = new Map<string, string>();
  for (const { file, zone } of files) {
    const key = normalizeKey('zones', zone);
    const other = fileOf.get(key);
    if (other !== undefined) {
      const message = `the zone ${key} is in ${other} too: import one of the two.`;
      problems.push({ file, line: 1, column: 1, message });
      continue;
    }
    fileOf.set(key, file);
    const read = readZoneFile(file, zone);
    if (!read.ok) {
      problems.push(...read.problems);
      continue;
    }
    // What no master file can say stays as it is.
    const { dnssec, transfers } = current.body.zones.find(({ name }) => normalizeKey('zones', name) === key) ?? {};
    const item = { ...read.zone, ...(dnssec && { dnssec }), ...(transfers && { transfers }) };
    document = putItem(document, 'zones', key, item);
    places.set(String(findItem(document, 'zones', key)?.index), read.locate);
  }
  if (problems.length > 0) return endWithFaults(command, problems, options.json === true);
  const locate: Locate = (pointer) => {
    const [list, index = '', ...below] = splitPointer(pointer);
    return list === 'zones' ? places.get(index)?.(toPointer(below)) : undefined;
  };
  const changed = await putRead(command, client, { file: 'the configuration', document, locate }, options, {
    dryRun: options.dryRun === true,
    // What was read is what is changed: a change by somebody else in between is not undone.
    ifRevision: current.etag?.replaceAll('"', ''),
    message: options.message ?? `import ${count(files.length, 'zone')}`,
  });
  const output = outputOf(command);
  if (options.json === true) return output.printJson(changed);
  printChanges(output, changed.changes);
  if (options.dryRun !== true) output.print(`Revision ${changed.revision} is committed.`);
}

/** Prints what is wrong in the files, and ends the command. */
function endWithFaults(command: Command, problems: readonly MasterFileProblem[], isJson: boolean): never {
  const output = outputOf(command);
  if (isJson) {
    output.printJson({
      ok: false,
      problems: problems.map(({ file, line, column, message }) => ({ file, line, column, path: '', message })),
    });
  } else
    output.print(problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
  return endUnhealthy();
}

function listFiles(command: Command, paths: readonly string[], name: string | undefined): readonly ZoneFile[] {
  try {
    const files = paths.flatMap((path): readonly ZoneFile[] =>
      statSync(path).isDirectory()
        ? listZoneFiles(path).map((file) => ({ file: join(path, file), zone: name ?? zoneOfFile(file) }))
        : [{ file: path, zone: name ?? zoneOfFile(path) }],
    );
    if (files.length === 0) failUsage(command, `there is no *.zone file in ${paths.join(', ')}`);
    if (name !== undefined && files.length > 1) failUsage(command, '--name names one zone: give one file with it');
    return files;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return failUsage(command, `cannot read ${error.message}`);
    throw error;
  }
}

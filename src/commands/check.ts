// `azimuth check FILE`: every problem in a configuration, with file, line and column. Needs no server.

import type { Command } from 'commander';
import { readRegionTable } from '../databases/region-table.ts';
import { formatProblems } from '../documents/read-document.ts';
import { findRegionLocation } from '../geo/region-locations.ts';
import { compileShape } from '../model/check-shape.ts';
import { ConfigurationSchema, type WholeConfiguration } from '../model/configuration.ts';
import { findOddities } from '../model/find-oddities.ts';
import { MAX_PROBLEMS } from '../model/limits.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import type { LocationResolver } from '../model/parse-context.ts';
import type { Parsed } from '../model/problem.ts';
import { checkZones, checkZonesBeside } from '../snapshot/check-zones.ts';
import { checkRecordData } from '../zone/check-record-data.ts';
import { count, outputOf } from './output.ts';
import { endWithProblems, readFile } from './read-file.ts';

const SHAPE = compileShape(ConfigurationSchema);

export function registerCheck(program: Command): void {
  program
    .command('check <file>')
    .description('list every problem in a configuration, with its place')
    .option('--json', 'print JSON')
    .action((file: string, { json = false }: { json?: boolean }, command: Command) => {
      const table = readRegionTable();
      const resolveLocation = (reference: string) => {
        const found = findRegionLocation(table, reference);
        return found.ok ? found.value : undefined;
      };
      const read = readFile(command, file, json, ({ document, incomplete }) => {
        const more = findProblems(document, resolveLocation, incomplete);
        return more.ok ? [] : more.problems;
      });
      const parsed = findProblems(read.document, resolveLocation);
      if (!parsed.ok) return endWithProblems(command, read, parsed.problems, json);
      const { zones, regions, clusters, services } = parsed.value;
      const unchecked = listUnchecked(parsed.value);
      const oddities = findOddities(parsed.value);
      const found = {
        zones: zones.length,
        regions: regions.length,
        clusters: clusters.length,
        services: services.length,
      };
      const output = outputOf(command);
      if (json) output.printJson({ ok: true, problems: [], oddities, ...found, unchecked });
      else {
        const parts = [count(zones.length, 'zone'), count(regions.length, 'region'), count(clusters.length, 'cluster')];
        output.print(`${read.file}: no problems (${[...parts, count(services.length, 'service')].join(', ')})`);
        for (const text of formatProblems(oddities, read.locate, read.file)) output.print(`odd: ${text}`);
        for (const text of unchecked) output.print(`not checked: ${text}`);
      }
    });
}

/** What a commit asks besides, which depends on the store or on the settings of the nodes. */
function listUnchecked({ zones, clusters }: WholeConfiguration): readonly string[] {
  const signed = zones.filter(({ dnssec }) => dnssec !== undefined).length;
  const keyed = zones.filter(({ transfers, primaries }) =>
    [...(transfers?.allow ?? []), ...(transfers?.notify ?? []), ...(primaries ?? [])].some(
      ({ key }) => key !== undefined,
    ),
  );
  const copied = zones.filter(({ primaries }) => primaries !== undefined).length;
  const isMonitored = clusters.some(({ monitors }) => monitors.length > 0);
  return [
    'whether a zone that is signed now may be served unsigned or taken away (its keys are in the store)',
    ...(signed > 0
      ? [`whether the nodes have the secret that the keys of ${count(signed, 'signed zone')} need (dnssec.secretFile)`]
      : []),
    ...(keyed.length > 0
      ? [`whether the nodes have the TSIG keys that ${count(keyed.length, 'zone')} name (dns.tsig.keyFile)`]
      : []),
    ...(copied > 0
      ? [
          `whether what is copied of ${count(copied, 'zone')} can be served with its services and dnssec (it is in the store)`,
        ]
      : []),
    ...(isMonitored ? ['whether the settings allow the addresses that are to be checked (probe.allowNetworks)'] : []),
  ];
}

/** `incomplete`: positions of zones of whose lines some could not be read. Of these nothing is said but what holds all the same. */
function findProblems(
  document: unknown,
  resolveLocation: LocationResolver,
  incomplete: ReadonlySet<number> = new Set(),
): Parsed<WholeConfiguration> {
  const options = { resolveLocation, areRecordsElsewhere: incomplete.size > 0 };
  // Building the zones reads the data of their records; only where it does not come to that, parsing must have told its faults.
  const parsed = parseConfiguration(document, { ...options, checkBinding: checkRecordData });
  if (parsed.ok) {
    const problems = SHAPE.accepts(document)
      ? checkZones(document, parsed.value, undefined, undefined, incomplete)
      : [];
    return problems.length > 0 ? { ok: false, problems } : parsed;
  }
  const faults = parseConfiguration(document, { ...options, checkRecordData });
  const { problems } = faults.ok ? parsed : faults;
  return {
    ok: false,
    problems: [...problems, ...checkZonesBeside(document, problems, incomplete)].slice(0, MAX_PROBLEMS),
  };
}

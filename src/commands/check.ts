// `azimuth check FILE`: every problem in a configuration, with file, line and column. Needs no server.

import type { Command } from 'commander';
import { readRegionTable } from '../databases/region-table.ts';
import { findRegionLocation } from '../geo/region-locations.ts';
import { compileShape } from '../model/check-shape.ts';
import { ConfigurationSchema } from '../model/configuration.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import { checkZones } from '../snapshot/check-zones.ts';
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
      const read = readFile(command, file, json);
      const table = readRegionTable();
      const resolveLocation = (reference: string) => {
        const found = findRegionLocation(table, reference);
        return found.ok ? found.value : undefined;
      };
      const parsed = parseConfiguration(read.document, { resolveLocation, checkRecordData });
      if (!parsed.ok) return endWithProblems(command, read, parsed.problems, json);
      const problems = SHAPE.accepts(read.document) ? checkZones(read.document, parsed.value) : [];
      if (problems.length > 0) return endWithProblems(command, read, problems, json);
      const { zones, regions, clusters, services } = parsed.value;
      const found = {
        zones: zones.length,
        regions: regions.length,
        clusters: clusters.length,
        services: services.length,
      };
      const output = outputOf(command);
      if (json) output.printJson({ ok: true, problems: [], ...found });
      else {
        const parts = [count(zones.length, 'zone'), count(regions.length, 'region'), count(clusters.length, 'cluster')];
        output.print(`${read.file}: no problems (${[...parts, count(services.length, 'service')].join(', ')})`);
      }
    });
}

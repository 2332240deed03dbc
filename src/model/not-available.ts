// What the contract promises and this version does not serve yet, or serves elsewhere. Whoever writes it has made no mistake,
// so the answer says that, and what to use, where a bare "must be one of" would send them looking for a typing error.

import { splitPointer } from './pointer.ts';

type Missing = {
  /** The last keys of the path. */
  readonly at: readonly string[];
  /** The values that are missing; absent: the key itself is. */
  readonly values?: readonly unknown[];
  readonly instead: string;
};

const MISSING: readonly Missing[] = [
  { at: ['balance'], values: ['least-load'], instead: 'use least-connections, with reported connections and capacity' },
  { at: ['balance'], values: ['hash'], instead: 'use weighted or round-robin' },
  {
    at: ['pick', 'by'],
    values: ['least-load'],
    instead: 'use least-connections, with reported connections and capacity',
  },
  { at: ['pick', 'by'], values: ['hash'], instead: 'use weighted or round-robin' },
  { at: ['by'], values: ['latency'], instead: 'use proximity, with a bias where the distance misleads' },
  { at: ['match', 'asn'], instead: 'use match.cidr with the prefixes of that network' },
  { at: ['kind'], values: ['services'], instead: 'override the clusters or regions that answer for the service' },
];

/** Why the value at the path is refused, when it is something that a later version will serve. */
export function refuseUnavailableValue(path: string, value: unknown): string | undefined {
  const missing = MISSING.find(({ at, values }) => values?.includes(value) === true && endsWith(path, at));
  return missing && `${JSON.stringify(value)} is not available in this version: ${missing.instead}.`;
}

/** Where a zone says which files hold it: whoever reads the document from a file has read those too. */
const ZONE_FILES = /^\/zones\/\d+\/(?:file|folder)$/;

/** Why the key at the end of the path is refused, when it is something that a later version will serve, or a command. */
export function refuseUnavailableKey(path: string): string | undefined {
  if (ZONE_FILES.test(path)) {
    return 'files are read by "azimuth up", "check", "plan", "apply" and "zone import"; through the API, PUT the text of a master file to /v1/zones/{zone}/file.';
  }
  const missing = MISSING.find(({ at, values }) => values === undefined && endsWith(path, at));
  return missing && `"${missing.at.at(-1)}" is not available in this version: ${missing.instead}.`;
}

function endsWith(path: string, keys: readonly string[]): boolean {
  const tail = splitPointer(path).slice(-keys.length);
  return tail.length === keys.length && tail.every((key, index) => key === keys[index]);
}

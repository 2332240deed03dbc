// From where a zone is copied: document to model.

import { formatAddress, parseAddress } from './address.ts';
import { parseOwner } from './name.ts';
import { parseName } from './parse-record.ts';
import { joinPointer } from './pointer.ts';
import type { PrimariesDocument, Primary } from './primaries.ts';
import type { Report } from './problem-list.ts';

const DNS_PORT = 53;

/** Those that can be used; what is wrong with others is reported. */
export function parsePrimaries(document: PrimariesDocument, path: string, report: Report): readonly Primary[] {
  const primaries: Primary[] = [];
  for (const [index, stated] of document.entries()) {
    const at = joinPointer(path, index);
    const address = parseAddress(stated.address);
    if (address === undefined) report(joinPointer(at, 'address'), `"${stated.address}" is no IPv4 or IPv6 address.`);
    const key =
      stated.key === undefined ? '' : parseName(parseOwner(stated.key), stated.key, joinPointer(at, 'key'), report);
    if (address === undefined || key === undefined) continue;
    const primary = { address: formatAddress(address), port: stated.port ?? DNS_PORT, ...(key !== '' && { key }) };
    if (primaries.some((other) => other.address === primary.address && other.port === primary.port)) {
      report(at, `${primary.address} port ${primary.port} is there already: keep one.`);
    }
    primaries.push(primary);
  }
  return primaries;
}

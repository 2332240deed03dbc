// From where a zone is copied: document to model.

import { type DnsServer, formatDnsServer } from './dns-server.ts';
import { parseDnsServer } from './parse-dns-server.ts';
import { joinPointer } from './pointer.ts';
import type { PrimariesDocument } from './primaries.ts';
import type { Report } from './problem-list.ts';

/** Those that can be used; what is wrong with others is reported. */
export function parsePrimaries(document: PrimariesDocument, path: string, report: Report): readonly DnsServer[] {
  const primaries: DnsServer[] = [];
  for (const [index, stated] of document.entries()) {
    const at = joinPointer(path, index);
    const primary = parseDnsServer(stated, at, report);
    if (primary === undefined) continue;
    if (primaries.some((other) => other.address === primary.address && other.port === primary.port)) {
      report(at, `${formatDnsServer(primary)} is there already: keep one.`);
    }
    primaries.push(primary);
  }
  return primaries;
}

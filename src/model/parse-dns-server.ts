// Another name server, and the name of a TSIG key: document to model.

import { formatAddress, parseAddress } from './address.ts';
import { DNS_PORT, type DnsServer, type DnsServerDocument } from './dns-server.ts';
import { parseOwner } from './name.ts';
import { parseName } from './parse-record.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';

/** Undefined when it cannot be used; what is wrong is reported. */
export function parseDnsServer(document: DnsServerDocument, path: string, report: Report): DnsServer | undefined {
  const address = parseAddress(document.address);
  if (address === undefined) report(joinPointer(path, 'address'), `"${document.address}" is no IPv4 or IPv6 address.`);
  const named = document.key === undefined ? {} : parseKeyName(document.key, joinPointer(path, 'key'), report);
  if (address === undefined || named === undefined) return undefined;
  return { address: formatAddress(address), port: document.port ?? DNS_PORT, ...named };
}

export function parseKeyName(text: string, path: string, report: Report): { readonly key: string } | undefined {
  const key = parseName(parseOwner(text), text, path, report);
  return key === undefined ? undefined : { key };
}

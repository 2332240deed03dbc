// Unbound and BIND as validating resolvers, on loopback, with one trust anchor and one server that has everything below it: with
// a cache as resolvers have it, or with one that keeps nothing.

import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatResponseCode } from '../../src/wire/record-types.ts';
import { waitUntil } from './dns-ask.ts';
import { askUdp, decodeAnswer, encodeQuery } from './dns-client.ts';
import { findFreePort } from './free-port.ts';
import type { Processes } from './processes.ts';
import { findProgram } from './require-program.ts';

export type Anchor = {
  readonly zone: string;
  /** Data of a DNSKEY record, as text: flags, protocol, algorithm, key. */
  readonly dnskey: string;
};

export type ResolverOptions = {
  readonly kind: ResolverKind;
  readonly keepsCache: boolean;
  readonly anchor: Anchor;
  /** Of the server, on loopback: for all of these, which no name server of theirs would be asked for at port 53. */
  readonly zones: readonly string[];
  readonly upstream: number;
};

export type ResolverKind = 'unbound' | 'named';
export type Resolver = { readonly name: string; readonly keepsCache: boolean; readonly port: number };
export type Resolved = { readonly rcode: string; readonly isSecure: boolean; readonly answers: number };

const RECURSION_DESIRED = 0x0100;
/** RFC 6840 section 5.7: in a query, "understands the AD bit". */
const AUTHENTIC_DATA = 0x0020;
const START_LIMIT_MS = 20_000;
const TIMEOUT_MS = 4000;

/** Resolves when it answers the SOA of the anchor's zone, proven. */
export async function startResolver(processes: Processes, options: ResolverOptions): Promise<Resolver> {
  const { kind, keepsCache, anchor } = options;
  const name = `${kind}${keepsCache ? ' with its cache' : ' afresh'}`;
  const directory = processes.makeDirectory(name.replaceAll(' ', '-'));
  const port = await findFreePort();
  const file = join(directory, 'conf');
  const configure = kind === 'unbound' ? configureUnbound : configureNamed;
  writeFileSync(file, configure({ ...options, directory, port }));
  const args = kind === 'unbound' ? ['-d', '-c', file] : ['-g', '-n', '1', '-c', file];
  processes.run(findProgram(kind) ?? kind, args, { name });
  const resolver = { name, keepsCache, port };
  await waitUntil(
    `${name} answers`,
    async () => (await resolve(resolver, anchor.zone, 'SOA', 500)).isSecure,
    START_LIMIT_MS,
    100,
  );
  return resolver;
}

export async function resolve(
  { port }: Resolver,
  name: string,
  type: string,
  timeoutMs = TIMEOUT_MS,
): Promise<Resolved> {
  const flags = RECURSION_DESIRED | AUTHENTIC_DATA;
  const bytes = await askUdp(port, encodeQuery({ id: randomInt(65_536), name: `${name}.`, type, flags }), {
    timeoutMs,
  });
  if (bytes === undefined) return { rcode: 'no answer', isSecure: false, answers: 0 };
  const { rcode, authenticData, answers } = decodeAnswer(bytes);
  return { rcode: formatResponseCode(rcode), isSecure: authenticData, answers: answers.length };
}

type Shape = ResolverOptions & { readonly directory: string; readonly port: number };

function configureUnbound({ directory, port, upstream, zones, anchor, keepsCache }: Shape): string {
  return `
server:
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: "${directory}/pid"
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor: "${anchor.zone}. 3600 IN DNSKEY ${anchor.dnskey}"
  aggressive-nsec: yes
  trust-anchor-signaling: no
  ${keepsCache ? '' : 'cache-max-ttl: 0\n  cache-max-negative-ttl: 0'}
  val-log-level: 2
  verbosity: 1
  use-syslog: no
  logfile: ""
  num-threads: 1
remote-control:
  control-enable: no
${zones.map((zone) => `stub-zone:\n  name: "${zone}"\n  stub-addr: 127.0.0.1@${upstream}\n`).join('')}`;
}

function configureNamed({ directory, port, upstream, anchor, keepsCache }: Shape): string {
  const [flags, protocol, algorithm, key] = anchor.dnskey.split(' ');
  return `controls { };
options {
  directory "${directory}"; pid-file "${directory}/pid"; session-keyfile none; managed-keys-directory "${directory}";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion yes; allow-query { any; };
  forward only; forwarders port ${upstream} { 127.0.0.1; };
  dnssec-validation yes; empty-zones-enable no;
  ${keepsCache ? '' : 'max-cache-ttl 0; max-ncache-ttl 0;'}
};
trust-anchors { "${anchor.zone}." static-key ${flags} ${protocol} ${algorithm} "${key}"; };
`;
}

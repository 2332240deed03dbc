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
  /** It asks by way of a cache (see startCache), at port `upstream`. */
  readonly isBehindCache?: boolean;
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
  const name = `${kind}${keepsCache ? ' with its cache' : options.isBehindCache ? ' behind a cache' : ' afresh'}`;
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

/**
 * Unbound, which validates nothing and keeps everything for as long as it may: whoever validates behind it has keys and signatures
 * of different moments. Answers its port.
 */
export async function startCache(
  processes: Processes,
  { zones, upstream }: Pick<ResolverOptions, 'zones' | 'upstream'>,
): Promise<number> {
  const directory = processes.makeDirectory('cache');
  const port = await findFreePort();
  const file = join(directory, 'conf');
  writeFileSync(file, `${frameUnbound(directory, port)}  module-config: "iterator"\n${stubs(zones, upstream)}`);
  processes.run(findProgram('unbound') ?? 'unbound', ['-d', '-c', file], { name: 'cache' });
  const cache = { name: 'cache', port };
  const answers = async () => (await resolve(cache, zones[0] ?? '', 'SOA', 500)).rcode === 'NOERROR';
  await waitUntil('the cache answers', answers, START_LIMIT_MS, 100);
  return port;
}

export async function resolve(
  { port }: Pick<Resolver, 'port'>,
  name: string,
  type: string,
  timeoutMs = TIMEOUT_MS,
): Promise<Resolved> {
  const flags = RECURSION_DESIRED | AUTHENTIC_DATA;
  const query = encodeQuery({ id: randomInt(65_536), name: `${name}.`, type, flags });
  // A datagram may be lost on a busy machine, and is asked for again.
  const bytes = (await askUdp(port, query, { timeoutMs })) ?? (await askUdp(port, query, { timeoutMs }));
  if (bytes === undefined) return { rcode: 'no answer', isSecure: false, answers: 0 };
  const { rcode, authenticData, answers } = decodeAnswer(bytes);
  return { rcode: formatResponseCode(rcode), isSecure: authenticData, answers: answers.length };
}

type Shape = ResolverOptions & { readonly directory: string; readonly port: number };

function configureUnbound({ directory, port, upstream, zones, anchor, keepsCache, isBehindCache }: Shape): string {
  const forward = `forward-zone:\n  name: "${anchor.zone}"\n  forward-addr: 127.0.0.1@${upstream}\n`;
  return `${frameUnbound(directory, port)}
  module-config: "validator iterator"
  trust-anchor: "${anchor.zone}. 3600 IN DNSKEY ${anchor.dnskey}"
  aggressive-nsec: yes
  trust-anchor-signaling: no
  val-log-level: 2
  ${keepsCache ? '' : 'cache-max-ttl: 0\n  cache-max-negative-ttl: 0'}
${isBehindCache ? forward : stubs(zones, upstream)}`;
}

/** All that is not said of zones and validation; ends within `server:`. */
export function frameUnbound(directory: string, port: number): string {
  return `server:
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: "${directory}/pid"
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  verbosity: 1
  use-syslog: no
  logfile: ""
  num-threads: 1
remote-control:
  control-enable: no
server:
`;
}

/** The zones are asked for there, and nobody is asked where they are. */
export function stubs(zones: readonly string[], upstream: number): string {
  return zones.map((zone) => `stub-zone:\n  name: "${zone}"\n  stub-addr: 127.0.0.1@${upstream}\n`).join('');
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

// The queries of each kind that servers are measured with, the same for all of them and in every run: drawn from a seed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeQuery } from '../support/dns-ask.ts';
import { STATIC_NAME, STEERED_NAME, ZONE } from './bench-zone.ts';

export type QueryKind = 'ecs4' | 'ecs6' | 'source' | 'static' | 'nxdomain' | 'tcp';

export type KindOfQueries = {
  readonly kind: QueryKind;
  readonly label: string;
  readonly protocol: 'udp' | 'tcp';
  readonly expected: { readonly rcode: number; readonly answers: number };
  readonly question: (random: Random) => {
    readonly name: string;
    readonly subnet?: string;
    readonly dnssecOk?: boolean;
  };
};

/** 32 random bits a call. */
export type Random = () => number;

const SEED = 20_261_127;
/** Of each kind: enough that no cache of a server holds them all by accident of the choice. */
const QUERIES = 50_000;
const NOERROR = { rcode: 0, answers: 1 };
const NXDOMAIN = { rcode: 3, answers: 0 };

export const QUERY_KINDS: readonly KindOfQueries[] = [
  {
    kind: 'ecs4',
    label: 'steered, ECS IPv4',
    protocol: 'udp',
    expected: NOERROR,
    question: (random) => ({ name: STEERED_NAME, subnet: drawSubnetV4(random, 24) }),
  },
  {
    kind: 'ecs6',
    label: 'steered, ECS IPv6',
    protocol: 'udp',
    expected: NOERROR,
    question: (random) => ({ name: STEERED_NAME, subnet: drawSubnetV6(random, 56) }),
  },
  {
    kind: 'source',
    label: 'steered by source',
    protocol: 'udp',
    expected: NOERROR,
    question: () => ({ name: STEERED_NAME }),
  },
  { kind: 'static', label: 'static', protocol: 'udp', expected: NOERROR, question: () => ({ name: STATIC_NAME }) },
  {
    kind: 'nxdomain',
    label: 'NXDOMAIN',
    protocol: 'udp',
    expected: NXDOMAIN,
    question: (random) => ({ name: `x${random()}.${ZONE}` }),
  },
  {
    kind: 'tcp',
    label: 'TCP, ECS IPv4',
    protocol: 'tcp',
    expected: NOERROR,
    question: (random) => ({ name: STEERED_NAME, subnet: drawSubnetV4(random, 24) }),
  },
];

/** Writes the queries of one kind as the load generator reads them; returns the file. */
export function writeQueries(directory: string, { kind, question }: Pick<KindOfQueries, 'kind' | 'question'>): string {
  const random = createRandom(SEED);
  const messages = Array.from({ length: QUERIES }, () => composeQuery(random() & 0xffff, question(random)));
  const file = join(directory, `${kind}.queries`);
  writeFileSync(file, joinMessages(messages));
  return file;
}

/** One message after the other, each behind its length in two bytes, as over TCP (RFC 1035 section 4.2.2). */
export function joinMessages(messages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const message of messages) {
    bytes[at] = message.length >>> 8;
    bytes[at + 1] = message.length;
    bytes.set(message, at + 2);
    at += 2 + message.length;
  }
  return bytes;
}

/** A network somewhere in 1.0.0.0 to 223.255.255.255, what is called unicast. */
export function drawSubnetV4(random: Random, length: number): string {
  const address = (((1 + (random() % 223)) << 24) | (random() >>> 8)) & (-1 << (32 - length));
  return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')}/${length}`;
}

/** The blocks out of which registries hand out most of what is in use; clients elsewhere are not to be expected. */
const REGISTRY_BLOCKS_V6 = [0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00];

/** A network of up to 64 bits in one of the registries' /12 blocks. */
export function drawSubnetV6(random: Random, length: number): string {
  const block = REGISTRY_BLOCKS_V6[random() % REGISTRY_BLOCKS_V6.length] ?? 0x2a00;
  const words = [block | (random() & 15), random() & 0xffff, random() & 0xffff, random() & 0xffff];
  const kept = words.map((word, index) => word & (0xffff << Math.max(0, Math.min(16, 16 * (index + 1) - length))));
  return `${kept.map((word) => (word & 0xffff).toString(16)).join(':')}::/${length}`;
}

/** xorshift32, from a seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

// Makes broken messages out of good ones, reproducibly: the same seed gives the same messages.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeQuery, type QueryShape } from '../support/dns-client.ts';

/** 0 ≤ x < 1. */
export type Random = () => number;

/** xorshift32 (Marsaglia 2003). */
export function createRandom(seed: number): Random {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const SHAPES: readonly QueryShape[] = [
  { name: 'www.gtm.example.com.' },
  { name: 'WWW.gtm.EXAMPLE.com.', type: 'AAAA', edns: true },
  { name: 'www.gtm.example.com.', subnet: '81.2.69.0/24' },
  { name: 'www.gtm.example.com.', subnet: '2a00:1450:4001:800::/56', dnssecOk: true, udpSize: 4096 },
  { name: 'gtm.example.com.', type: 'SOA' },
  { name: 'gtm.example.com.', type: 'ANY', udpSize: 512 },
  { name: 'alias.gtm.example.com.', type: 'A' },
  { name: 'below.wild.gtm.example.com.', type: 'TXT' },
  { name: 'host.sub.gtm.example.com.', type: 'A', edns: true },
  { name: 'no.such.name.gtm.example.com.' },
  { name: 'elsewhere.example.org.', version: 1 },
  { name: '.', type: 'NS' },
  { name: 'www.gtm.example.com.', class: 'CH', options: [{ code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] }] },
];

const CORPUS = new URL('corpus/', import.meta.url).pathname;

/** Good messages of every kind, and every message that ever broke something. */
export function listSeeds(): readonly Uint8Array[] {
  const kept = readdirSync(CORPUS).filter((name) => name.endsWith('.bin'));
  return [...SHAPES.map(encodeQuery), ...kept.map((name) => new Uint8Array(readFileSync(join(CORPUS, name))))];
}

const MAX_MESSAGE_BYTES = 2048;
const MAX_CHANGES = 6;
/** What lengths, counts, pointers and types are most likely to trip over. */
const SHARP_BYTES = [0, 1, 2, 4, 8, 12, 41, 63, 64, 127, 128, 191, 192, 254, 255] as const;

/** A message with one to a few things wrong with it. */
export function mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = (limit: number) => Math.floor(random() * limit);
  let bytes = Uint8Array.from(seeds[pick(seeds.length)] ?? []);
  for (let changes = 1 + pick(MAX_CHANGES); changes > 0; changes--) {
    const at = pick(bytes.length);
    switch (pick(7)) {
      case 0:
        bytes[at] = pick(256);
        break;
      case 1:
        bytes[at] = SHARP_BYTES[pick(SHARP_BYTES.length)] ?? 0;
        break;
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes, ...Array.from({ length: pick(40) }, () => pick(256))]);
        break;
      case 5: {
        // A piece of another message, or of itself, in the middle.
        const other = seeds[pick(seeds.length)] ?? bytes;
        const from = pick(other.length);
        bytes = Uint8Array.from([...bytes.slice(0, at), ...other.slice(from, from + pick(40)), ...bytes.slice(at)]);
        break;
      }
      default:
        // A compression pointer, most of them to somewhere that exists.
        bytes[at] = 0xc0;
        if (at + 1 < bytes.length) bytes[at + 1] = pick(bytes.length);
    }
  }
  return bytes.subarray(0, MAX_MESSAGE_BYTES);
}

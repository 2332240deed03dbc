// Writes the packets of the corpus that can be told in a few words, each into a file named after it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeName, encodeQuery, encodeRecord, type QueryShape } from '../support/dns-client.ts';
import { signQuery } from '../support/tsig.ts';

const labels = (...lengths: readonly number[]) => [
  ...lengths.flatMap((length) => [length, ...new Array<number>(length).fill(0x61)]),
  0,
];
const opt = (data: readonly number[], owner: readonly number[] = [0]) =>
  encodeRecord(owner, 41, 1232, [0, 0, 0, 0], data);
const subnet = (...data: readonly number[]): QueryShape => ({ name: 'www.example.com.', options: [{ code: 8, data }] });
const ask = (name: string, type = 'A'): QueryShape => ({ name: `${name}.example.com.`, type });
const LONG = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}`;

const PACKETS: Readonly<Record<string, QueryShape>> = {
  'plain-a': ask('mail'),
  'plain-any': ask('big', 'ANY'),
  'any-at-alias': ask('alias', 'ANY'),
  'any-at-empty-non-terminal': ask('empty', 'ANY'),
  'apex-mx': { name: 'example.com.', type: 'MX', edns: true },
  'apex-soa': { name: 'example.com.', type: 'SOA' },
  'steered-a-london': { ...ask('www'), subnet: '81.2.69.0/24' },
  'steered-aaaa-london-v6': { ...ask('www', 'AAAA'), subnet: '2a00:1450:4001:800::/56' },
  'steered-no-data': { ...ask('v4', 'AAAA'), subnet: '81.2.69.0/24' },
  'subnet-of-length-0': { ...ask('www'), subnet: '0.0.0.0/0' },
  'subnet-of-length-128': { ...ask('www'), subnet: '2001:db8::1/128' },
  'subnet-family-0': subnet(0, 0, 0, 0),
  'subnet-family-3': subnet(0, 3, 8, 0, 1),
  'subnet-with-scope': subnet(0, 1, 24, 24, 1, 2, 3),
  'subnet-spare-bits': subnet(0, 1, 23, 0, 1, 2, 3),
  'subnet-too-long': subnet(0, 1, 33, 0, 1, 2, 3, 4, 5),
  'subnet-twice': { ...ask('www'), subnet: '10.0.0.0/8', options: [{ code: 8, data: [0, 1, 8, 0, 10] }] },
  'alias-chain': ask('alias'),
  'alias-to-nothing': ask('broken'),
  'alias-leaves-our-zones': ask('leaving'),
  'alias-into-delegation': ask('delegated'),
  'alias-ring': ask('ring'),
  'alias-of-itself': ask('self'),
  'alias-long-chain': ask('c1'),
  'wildcard-alias-of-itself': ask('q.loop'),
  'wildcard-txt': ask('q.wild', 'TXT'),
  'wildcard-longest-name': { name: `${LONG}.${'d'.repeat(43)}.wild.example.com.`, type: 'TXT' },
  dname: ask('host.old'),
  'dname-ring': ask('q.round'),
  'dname-too-long': ask(`${LONG}.${'d'.repeat(41)}.round`),
  referral: { ...ask('www.sub'), edns: true },
  'referral-ds-at-cut': ask('sub', 'DS'),
  truncated: { ...ask('huge'), udpSize: 512 },
  transfer: { name: 'example.com.', type: 'AXFR' },
  'transfer-incremental': {
    name: 'example.com.',
    type: 'IXFR',
    counts: [1, 0, 1, 0],
    trailing: encodeRecord([0xc0, 12], 6, 1, [0, 0, 0, 0], [0xc0, 12, 0xc0, 12, ...new Array<number>(20).fill(1)]),
  },
  'type-0': ask('mail', 'TYPE0'),
  'type-opt': ask('mail', 'OPT'),
  'class-any': { ...ask('mail'), class: 'ANY' },
  'class-chaos': { name: 'version.bind.', type: 'TXT', class: 'CH' },
  outside: { name: 'example.net.' },
  root: { rawName: [0], type: 'NS' },
  'name-of-255-octets': { rawName: labels(63, 63, 63, 61) },
  'name-of-256-octets': { rawName: labels(63, 63, 63, 62) },
  'name-of-127-labels': { rawName: labels(...new Array<number>(127).fill(1)) },
  'name-of-128-labels': { rawName: labels(...new Array<number>(128).fill(1)) },
  'label-of-64': { rawName: labels(64) },
  'pointer-to-itself': { rawName: [0xc0, 0x0c] },
  'pointer-behind-label': { rawName: [1, 0x61, 0xc0, 0x0c] },
  'label-type-01': { rawName: [0x41, 0x61, 0] },
  'zero-in-label': { rawName: [3, 0, 0x2e, 0, ...encodeName('example.com.')] },
  'no-question': { counts: [0, 0, 0, 0] },
  'two-questions': { counts: [2, 0, 0, 0] },
  'opt-twice': { additionals: [opt([]), opt([])] },
  'opt-with-name': { additionals: [opt([], [1, 0x61, 0])] },
  'opt-behind-pointer': { additionals: [opt([], [0xc0, 0x0c])] },
  'opt-option-runs-out': { additionals: [opt([0, 10, 0, 9, 1])] },
  'edns-version-1': { version: 1 },
  'edns-cookie': { options: [{ code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] }] },
  'edns-cookie-of-server': {
    options: [{ code: 10, data: [...new Array<number>(8).fill(7), 1, ...new Array<number>(15).fill(0)] }],
  },
  'edns-cookie-too-long': { options: [{ code: 10, data: new Array<number>(41).fill(1) }] },
  'edns-cookie-alone': { noQuestion: true, options: [{ code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8] }] },
  'edns-all-options': {
    ...ask('www'),
    subnet: '81.2.69.0/24',
    options: [3, 11, 12, 10].map((code) => ({ code, data: code === 10 ? [8, 7, 6, 5, 4, 3, 2, 1] : [] })),
  },
  'extended-error': { name: 'example.net.', edns: true },
  'class-chaos-id': { name: 'ID.server.', type: 'TXT', class: 'CH', edns: true },
  tsig: {
    additionals: [encodeRecord([3, 0x6b, 0x65, 0x79, 0], 250, 255, [0, 0, 0, 0], new Array<number>(60).fill(1))],
  },
  'many-additionals': { additionals: new Array(9).fill(encodeRecord([0], 1, 1, [0, 0, 0, 0], [1, 2, 3, 4])) },
  notify: { flags: 0x2400, type: 'SOA' },
  update: { flags: 0x2800, type: 'SOA' },
  response: { flags: 0x8180 },
  trailing: { trailing: [0] },
};

for (const [name, shape] of Object.entries(PACKETS)) {
  writeFileSync(join(import.meta.dirname, 'corpus', `${name}.bin`), encodeQuery(shape));
}
writeFileSync(join(import.meta.dirname, 'corpus', 'tsig-right.bin'), signQuery(encodeQuery(ask('mail'))).bytes);

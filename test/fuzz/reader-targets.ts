// What we read of other servers (the primary of a copied zone, the resolver that knows the parent's DS, the target of a DNS check)
// and of databases: octets of strangers just as queries are.

import { buildPlaceMap } from '../../src/geo/build-place-map.ts';
import { readMetadata } from '../../src/geo/mmdb-metadata.ts';
import { readParentAnswer } from '../../src/keys/ask-parent.ts';
import { compilePattern } from '../../src/model/monitors/compile-pattern.ts';
import type { DnsCheck } from '../../src/model/monitors/dns-monitor.ts';
import { PatternMatcher } from '../../src/model/monitors/match-pattern.ts';
import { readAgentLine } from '../../src/probe/agent-line.ts';
import { judgeReply } from '../../src/probe/check-dns.ts';
import { readHealthResponse } from '../../src/probe/grpc-health.ts';
import { readSoaAnswer } from '../../src/transfer/check-response.ts';
import { createReceiver, receiveMessage } from '../../src/transfer/receive-transfer.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { TYPE_SOA } from '../../src/wire/record-types.ts';
import { encodeQuery } from '../support/dns-client.ts';
import { geoip2Record, writeMmdb } from '../support/mmdb-writer.ts';
import { RFC_FIXTURE } from '../support/rfc-zone.ts';
import { describeWorld, makeWorldKeys, SIGNED_ZONE, wireName } from '../support/signed-world.ts';
import { askBytes, createFixture } from '../support/snapshot-fixture.ts';
import { transfer } from '../support/transfer.ts';
import { readCorpus } from './corpus.ts';
import { fitCorpus, type Target } from './target.ts';

const ZONE = wireName(SIGNED_ZONE);
const CHECK: DnsCheck = {
  type: 'dns',
  protocol: 'udp',
  port: 53,
  query: { name: 'www.example.com', type: 'A' },
  expect: { rcode: 'NOERROR', data: '192.0.2.1' },
};

export function createReaderTargets(): readonly Target[] {
  return [
    { name: 'answers of others', share: 3, corpus: listAnswers(), run: readAnswer },
    { name: 'answers to checks', share: 1, corpus: listCheckAnswers(), run: readCheckAnswer },
    { name: 'database', share: 1, corpus: listDatabases(), run: readDatabase },
  ];
}

function listAnswers(): readonly Uint8Array[] {
  const keys = makeWorldKeys();
  const world: { zones?: readonly object[] } = { ...describeWorld(keys) };
  const zones = world.zones?.map((zone) => ({ ...zone, transfers: { allow: ['192.0.2.0/24'] } }));
  const { desk } = createFixture({ ...world, zones }, { keys });
  const signed = ['SOA', 'DS', 'DNSKEY', 'A', 'MX', 'TXT', 'HTTPS'].flatMap((type) =>
    ['', 'www.', 'secure.', 'x.wild.', 'absent.', 'h.d.'].map((name) =>
      askBytes(desk, encodeQuery({ name: `${name}${SIGNED_ZONE}.`, type, dnssecOk: true, udpSize: 1232 })),
    ),
  );
  const copied = transfer(desk, encodeQuery({ name: 'insecure.s.example.', type: 'AXFR' })).raw;
  const plain = readCorpus().map((query) => askBytes(RFC_FIXTURE.desk, query));
  return fitCorpus([...plain, ...signed, ...copied].filter(({ length }) => length > 0));
}

/** As each of those does that read answers. */
function readAnswer(bytes: Uint8Array): string {
  judgeReply(Buffer.from(bytes), ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), CHECK);
  const message = decodeMessage(bytes);
  if (typeof message === 'string') return message;
  const zone = message.questions[0]?.name ?? ZONE;
  readParentAnswer(bytes, message.id, zone, 'a resolver');
  readSoaAnswer(message, { id: message.id, zone, type: TYPE_SOA });
  for (const heldSerial of [undefined, 1]) {
    receiveMessage(createReceiver({ id: message.id, zone, heldSerial }), message);
  }
  for (const { type, data } of [...message.answers, ...message.authorities, ...message.additionals]) {
    formatRecordData(type, data);
  }
  return 'read';
}

const PATTERNS = ['^(?:up|ready)( \\d{1,3}%)?$', '[^]a-z]+|(a+)+b{2,5}', '(?i)"status"\\s*:\\s*"UP"', '(?:é|.)*?\\.'];

function listCheckAnswers(): readonly Uint8Array[] {
  const lines = ['up ready 75% maxconn:30', 'down # the disk is full', 'drain,80%\tup', '{"status": "UP"}'];
  const messages = ['00000000020801', '0000000004080208011203', '000000000c120361626308011d01020304'].map((hex) =>
    Buffer.from(hex.replaceAll(' ', ''), 'hex'),
  );
  return [...[...lines, ...PATTERNS].map((text) => Uint8Array.from(Buffer.from(text))), ...messages];
}

/** As an agent's line, as a gRPC message, as what a pattern is to match, and as a pattern. */
function readCheckAnswer(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const { share = 100 } = readAgentLine(text);
  if (share < 0 || share > 100) throw new Error(`a share of ${share}`);
  readHealthResponse(bytes);
  const compiled = compilePattern(Buffer.from(bytes).toString());
  if (!compiled.ok) return 'no pattern';
  const [whole, piecewise] = [new PatternMatcher(compiled.program), new PatternMatcher(compiled.program)];
  const isFound = whole.push(bytes) || whole.finish();
  const isFoundSo = Array.from(bytes).some((byte) => piecewise.push(Uint8Array.of(byte))) || piecewise.finish();
  if (isFound !== isFoundSo) throw new Error('the pattern matches by the pieces in which the text comes');
  return 'pattern';
}

function listDatabases(): readonly Uint8Array[] {
  const networks = [
    { prefix: '81.0.0.0/8', record: geoip2Record('GB', 51.5, -0.1) },
    { prefix: '81.200.5.0/24', record: geoip2Record('JP', 35.7, 139.7, '13') },
  ];
  const v6 = [...networks, { prefix: '2600::/16', record: geoip2Record('US', 40.7, -74, 'NY') }];
  const files = ([24, 28, 32] as const).flatMap((recordSize) => [
    writeMmdb({ networks, ipVersion: 4, recordSize }),
    writeMmdb({ networks: v6, ipVersion: 6, recordSize }),
  ]);
  return fitCorpus(files.map((file) => Uint8Array.from(file)));
}

function readDatabase(bytes: Uint8Array): string {
  const metadata = readMetadata(bytes);
  if (!metadata.ok) return metadata.fault.code;
  const tree = { bytes, ...metadata.value };
  const built = buildPlaceMap(tree.ipVersion === 4 ? { v4: tree } : { v4: tree, v6: tree });
  return built.ok ? 'read' : built.fault.code;
}

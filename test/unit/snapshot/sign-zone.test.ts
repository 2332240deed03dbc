import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSignatureList, type SignatureList } from '../../../src/dnssec/signature-list.ts';
import type { Sign, SigningKey, ZoneKeys } from '../../../src/dnssec/zone-keys.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import { compileSnapshot, createRankMapCache, type SnapshotInput } from '../../../src/snapshot/compile-snapshot.ts';
import { createKeptTables } from '../../../src/snapshot/kept-tables.ts';
import { listSignatures } from '../../../src/snapshot/list-signatures.ts';
import { createSignatureCounts } from '../../../src/snapshot/sign-zone.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import {
  dataStartOf,
  findRrset,
  listRecords,
  recordCountOf,
  type ZoneImage,
} from '../../../src/snapshot/zone-image.ts';
import { TYPE_RRSIG } from '../../../src/wire/record-types.ts';
import { checkRecordData } from '../../../src/zone/check-record-data.ts';
import { makeKey, makeZoneKeys, sign } from '../../support/signed-keys.ts';
import { inputOf, placeMapOf } from '../../support/snapshot-fixture.ts';

const ZONE = 'gtm.example.com';
const DAY = 86_400;
const NOW = 1_800_000_000;

type Stated = {
  readonly records?: readonly object[];
  readonly dnssec?: object;
  readonly services?: readonly object[];
  readonly listed?: SignatureList;
};

const HOSTS = Array.from({ length: 40 }, (_, index) => ({
  name: `host${index}`,
  type: 'A',
  data: [`192.0.2.${index}`],
}));

/** Compiles one zone again and again, each time with what is kept of the time before. */
function openCompile() {
  const kept = createKeptTables();
  /** The same records are the same parts, as in a node. */
  const read = new Map<readonly object[], SnapshotInput['records']>();
  let made = 0;
  const counted: Sign = (key, data) => {
    made++;
    return sign(key, data);
  };
  return (
    keys: ZoneKeys | undefined,
    nowSeconds: number,
    { records = HOSTS, dnssec = {}, services = [], listed }: Stated = {},
  ) => {
    const document = {
      zones: [{ name: ZONE, ns: ['ns.example.net'], records, dnssec: { enabled: true, ...dnssec } }],
      regions: [{ id: 'eu', location: { latitude: 0, longitude: 0 } }],
      clusters: [
        {
          id: 'eu',
          region: 'eu',
          endpoints: [
            { id: 'a', address: '203.0.113.1' },
            { id: 'b', address: '203.0.113.2' },
          ],
        },
      ],
      services,
    };
    const parsed = parseConfiguration(document, { resolveLocation: () => undefined, checkRecordData });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const counts = createSignatureCounts();
    const signing = { keys: new Map(keys && [[ZONE, keys]]), nowSeconds, sign: counted, listed, counts };
    made = 0;
    const input = inputOf(parsed.value, 1);
    const parts = read.get(records) ?? input.records;
    read.set(records, parts);
    const compiled = compileSnapshot(
      { ...input, records: parts, signing },
      createRankMapCache(() => placeMapOf([])),
      kept,
    );
    assert.ok(compiled.ok, JSON.stringify(compiled));
    return { snapshot: compiled.value.snapshot, image: imageOf(compiled.value.snapshot), made, counts };
  };
}

function imageOf({ zones }: Snapshot): ZoneImage {
  const [image] = zones.images;
  assert.ok(image);
  return image;
}

/** Expirations of all signatures in the image, in seconds. */
function expirationsOf(image: ZoneImage): readonly number[] {
  const found: number[] = [];
  for (const node of image.signing?.chain ?? []) {
    const rrset = findRrset(image, node, TYPE_RRSIG);
    let at = dataStartOf(image, rrset);
    for (let record = recordCountOf(image, rrset); record > 0; record--) {
      const view = new DataView(image.bytes.buffer, at);
      found.push(view.getUint32(2 + 8));
      at += 2 + view.getUint16(0);
    }
  }
  return found;
}

/** Of some hundred keys two have the same tag. */
function makeKeysOfOneTag(): readonly [SigningKey, SigningKey] {
  const made = new Map<number, SigningKey>();
  for (;;) {
    const key = makeKey(256);
    const other = made.get(key.keyTag);
    if (other !== undefined) return [other, key];
    made.set(key.keyTag, key);
  }
}

describe('signing a zone again', () => {
  const keys = makeZoneKeys();

  it('signs a set and an NSEC of each name at first, and nothing where nothing changed', () => {
    const compile = openCompile();
    const first = compile(keys, NOW);
    // A and NSEC of 40 names; NS, DNSKEY and NSEC of the apex; ahead of need the SOA.
    assert.equal(first.made, 2 * 40 + 3 + 1);
    assert.equal(compile(keys, NOW + 60).made, 0);
  });

  it('signs what changed, and the NSEC before a name that is new', () => {
    const compile = openCompile();
    compile(keys, NOW);
    const changed = HOSTS.map((host) => (host.name === 'host7' ? { ...host, data: ['198.51.100.7'] } : host));
    assert.equal(compile(keys, NOW + 60, { records: changed }).made, 1);
    const added = [...changed, { name: 'host7a', type: 'A', data: ['198.51.100.8'] }];
    assert.equal(compile(keys, NOW + 120, { records: added }).made, 3);
    assert.equal(compile(keys, NOW + 180, { records: changed }).made, 1);
  });

  it('signs each set anew before half of its validity is over, not all at once', () => {
    const compile = openCompile();
    let { image } = compile(keys, NOW);
    let most = 0;
    let looks = 0;
    for (let now = NOW; now < NOW + 60 * DAY; looks++) {
      now = image.signing?.dueSeconds ?? Number.POSITIVE_INFINITY;
      const next = compile(keys, now);
      image = next.image;
      if (looks > 100) most = Math.max(most, next.made);
      for (const expiration of expirationsOf(image)) {
        assert.ok(expiration > now + 6 * DAY && expiration <= now + 14 * DAY, `${expiration - now}`);
      }
    }
    assert.ok(looks < 60 * 14, `${looks}`);
    assert.ok(most < 60, `${most}`);
  });

  it('keeps the times of what is signed when it is asked for, and so its signatures, until they are due', () => {
    const compile = openCompile();
    const first = compile(keys, NOW).image.signing;
    const changed = [...HOSTS, { name: 'more', type: 'A', data: ['192.0.2.200'] }];
    const second = compile(keys, NOW + DAY, { records: changed }).image.signing;
    assert.deepEqual([second?.times, second?.identity], [first?.times, first?.identity]);
    const third = compile(keys, NOW + 8 * DAY, { records: changed }).image.signing;
    assert.ok((third?.times.expiration ?? 0) > NOW + 20 * DAY);
    assert.notDeepEqual(third?.identity, first?.identity);
  });

  it('signs all anew with other keys, with both during a change of algorithm, and nothing without any', () => {
    const compile = openCompile();
    compile(keys, NOW);
    const other = makeZoneKeys(15, true);
    assert.equal(compile(other, NOW + 60).made, 2 * 40 + 3 + 1);
    const both = {
      ...keys,
      published: [...keys.published, ...other.published],
      keySigners: [...keys.keySigners, ...other.keySigners],
      zoneSigners: [...keys.zoneSigners, ...other.zoneSigners],
    };
    const { made, image } = compile(both, NOW + 120);
    assert.equal(made, 2 * (2 * 40 + 3 + 1));
    assert.equal(expirationsOf(image).length, 2 * (2 * 40 + 3));
    const unsigned = compile(undefined, NOW + 180);
    assert.deepEqual([unsigned.made, unsigned.image.signing], [0, undefined]);
  });

  it('signs ahead what a service is likely to answer with: each endpoint, and a cluster whole', () => {
    const compile = openCompile();
    const services = [{ name: 'www', zone: ZONE, clusters: ['eu'] }];
    compile(keys, NOW, { records: [] });
    const { made } = compile(keys, NOW + 60, { records: [], services });
    // The NSEC of www and the one before it; each of two endpoints, and both.
    assert.equal(made, 2 + 3);
    assert.equal(compile(keys, NOW + 120, { records: [], services }).made, 0);
  });

  it('has no chain where denial is compact, and signs each set all the same', () => {
    const { made, image } = openCompile()(keys, NOW, { dnssec: { denial: 'compact' } });
    assert.deepEqual([made, image.signing?.chain.length, image.signing?.isCompact], [40 + 2 + 1, 0, true]);
  });

  it('does not take signatures of another key for its own where both have one tag', () => {
    const compile = openCompile();
    const [one, other] = makeKeysOfOneTag();
    const [ksk] = keys.keySigners;
    assert.ok(ksk);
    const withZsk = (zsk: SigningKey): ZoneKeys => ({
      ...keys,
      published: [ksk.dnskey, zsk.dnskey],
      zoneSigners: [zsk],
    });
    compile(withZsk(one), NOW);
    assert.equal(compile(withZsk(other), NOW + 60).made, 2 * 40 + 3 + 1);
    // Nor where the keys that are shown stay the same, and another of them signs these.
    const shown = { ...keys, published: [one.dnskey, other.dnskey] };
    compile({ ...shown, keySigners: [one] }, NOW + 120);
    assert.equal(compile({ ...shown, keySigners: [other] }, NOW + 180).made, 1);
  });

  it('signs anew what a clock that was ahead has signed for later', () => {
    const compile = openCompile();
    compile(keys, NOW + 300 * DAY);
    assert.equal(compile(keys, NOW).made, 2 * 40 + 3 + 1);
    assert.equal(compile(keys, NOW - 60).made, 0);
  });

  it('takes an older clock for what it is, and does not keep signatures of the future', () => {
    const compile = openCompile();
    compile(keys, NOW);
    assert.equal(compile(keys, NOW - 2 * DAY, { records: HOSTS.slice(1) }).made, 2 * 39 + 3 + 1);
  });
});

/** What a node with this image would have on its disk. */
function listOf(image: ZoneImage, keys: ZoneKeys): SignatureList {
  const list = readSignatureList(new Uint8Array(Buffer.concat([...listSignatures([{ image, keys }], 2 ** 30)])));
  assert.ok(list);
  return list;
}

/** Data of all signatures in the image. */
function signaturesOf(image: ZoneImage): readonly string[] {
  const nodes = [...(image.signing?.chain ?? [])];
  return nodes
    .flatMap((node) => listRecords(image, findRrset(image, node, TYPE_RRSIG)))
    .map((rrsig) => Buffer.from(rrsig).toString('hex'))
    .sort();
}

describe('signing a zone after a restart', () => {
  const keys = makeZoneKeys();
  const records = [
    ...HOSTS,
    { name: 'UPPER.Case', type: 'MX', data: ['10 Mail.Example.NET.', '20 other.example.net.'] },
    { name: '*.wild', type: 'TXT', data: ['"one"', '"two"'] },
    { name: 'child', type: 'NS', data: ['ns.child'] },
    { name: 'child', type: 'DS', data: [`1 13 2 ${'ab'.repeat(32)}`] },
    { name: 'ns.child', type: 'A', data: ['192.0.2.99'] },
  ];
  const services = [{ name: 'www', zone: ZONE, clusters: ['eu'] }];
  const stated = { records, services };
  const first = openCompile()(keys, NOW, stated);
  const listed = listOf(first.image, keys);

  it('makes none of the signatures that are on disk, and serves them octet for octet', () => {
    assert.equal(listed.count, first.counts.made);
    const again = openCompile()(keys, NOW + DAY, { ...stated, listed });
    assert.deepEqual(again.counts, { made: 0, kept: 0, listed: listed.count });
    assert.deepEqual(signaturesOf(again.image), signaturesOf(first.image));
    assert.equal(again.image.signing?.dueSeconds, first.image.signing?.dueSeconds);
  });

  it('makes those of records that have changed meanwhile', () => {
    const changed = records.map((record) => (record.name === 'host7' ? { ...record, data: ['198.51.100.7'] } : record));
    const again = openCompile()(keys, NOW + DAY, { records: changed, services, listed });
    assert.deepEqual(again.counts, { made: 1, kept: 0, listed: listed.count - 1 });
  });

  it('makes those that are due meanwhile, and all of them once all are', () => {
    const due = first.image.signing?.dueSeconds ?? 0;
    const { counts } = openCompile()(keys, due, { ...stated, listed });
    assert.ok(counts.made > 0 && counts.listed > 0, JSON.stringify(counts));
    assert.equal(counts.made + counts.listed, listed.count);
    const late = openCompile()(keys, NOW + 8 * DAY, { ...stated, listed });
    assert.deepEqual(late.counts, { made: listed.count, kept: 0, listed: 0 });
    const early = openCompile()(keys, NOW - DAY, { ...stated, listed });
    assert.deepEqual(early.counts, { made: listed.count, kept: 0, listed: 0 });
  });

  it('makes all of them with another key, though it have the same tag, and those of keys when these changed', () => {
    const [one, other] = makeKeysOfOneTag();
    const withZsk = (zsk: SigningKey): ZoneKeys => ({ ...keys, zoneSigners: [zsk] });
    const { image, counts } = openCompile()(withZsk(one), NOW, stated);
    const list = listOf(image, withZsk(one));
    assert.equal(list.count, counts.made);
    const same = openCompile()(withZsk(one), NOW + 60, { ...stated, listed: list });
    assert.equal(same.counts.made, 0);
    const changed = openCompile()(withZsk(other), NOW + 60, { ...stated, listed: list });
    // Of what the key signing key has signed, the DNSKEY set, nothing is different.
    assert.deepEqual(changed.counts, { made: list.count - 1, kept: 0, listed: 1 });
    const shown = { ...withZsk(one), published: [...keys.published, other.dnskey] };
    assert.deepEqual(openCompile()(shown, NOW + 60, { ...stated, listed: list }).counts, {
      made: 1,
      kept: 0,
      listed: list.count - 1,
    });
  });

  it('takes over those of both keys during a change of algorithm, and none of two keys that cannot be told apart', () => {
    const added = makeZoneKeys(15, true);
    const both = {
      ...keys,
      published: [...keys.published, ...added.published],
      keySigners: [...keys.keySigners, ...added.keySigners],
      zoneSigners: [...keys.zoneSigners, ...added.zoneSigners],
    };
    const { image, counts } = openCompile()(both, NOW, stated);
    const again = openCompile()(both, NOW + 60, { ...stated, listed: listOf(image, both) });
    assert.deepEqual(again.counts, { made: 0, kept: 0, listed: counts.made });
    const [one, other] = makeKeysOfOneTag();
    const alike = { ...keys, keySigners: [one], zoneSigners: [other] };
    assert.equal(listOf(openCompile()(alike, NOW, stated).image, alike).count, 0);
  });

  it('lists no more than there is room for, and what it lists is whole', () => {
    const pieces = [...listSignatures([{ image: first.image, keys }], 2000)];
    const list = readSignatureList(new Uint8Array(Buffer.concat(pieces)));
    assert.ok(list !== undefined && list.count > 0 && list.bytes.length <= 2000);
  });
});

// RFC 7344 and RFC 8078: how a zone tells its parent which DS it shall have, by CDS and CDNSKEY.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CDNSKEY_DELETE, CDS_DELETE, composeDs, isEqual } from '../../src/dnssec/dnskey.ts';
import { dnskeyOf, showKeys } from '../../src/dnssec/show-keys.ts';
import { digestKey } from '../../src/keys/sign.ts';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { Delegation, OWNER, POLICY } from '../support/delegation.ts';

const TYPE_CDS = 59;
const TYPE_CDNSKEY = 60;

describe('RFC 7344, CDS and CDNSKEY', () => {
  test('3: they name the keys that the parent shall trust, the one as a digest, the other as the key', () => {
    const zone = new Delegation();
    zone.wait(12, true);
    const { cds, cdnskey, keySigners } = zone.shown;
    const [ksk] = keySigners.map(dnskeyOf);
    assert.ok(ksk);
    assert.deepEqual(cds, [composeDs(OWNER, ksk, 2, digestKey)]);
    assert.deepEqual(cdnskey, [ksk]);
  });

  test('4.1: "MUST be signed with a key that is represented in both the current DNSKEY and DS RRsets"', () => {
    const zone = new Delegation();
    zone.wait(12, true);
    zone.retire('ksk');
    for (let hour = 0; hour < 24; hour++) {
      const { cds, published, keySigners } = zone.shown;
      const inDs = (dnskey: Uint8Array) => zone.ds.some((ds) => isEqual(ds, composeDs(OWNER, dnskey, 2, digestKey)));
      const signers = keySigners.map(dnskeyOf);
      assert.ok(cds.length > 0);
      assert.ok(signers.some((dnskey) => inDs(dnskey) && published.some((each) => isEqual(each, dnskey))));
      zone.wait(1, hour % 5 === 4);
    }
  });

  test('4.1: "MUST NOT break the current delegation if applied to DS RRset", at whatever moment it is', () => {
    const zone = new Delegation();
    zone.wait(12, true);
    zone.retire('ksk');
    for (let hour = 0; hour < 24; hour++) {
      const { cds, keySigners } = zone.shown;
      const signers = keySigners.map((key) => composeDs(OWNER, dnskeyOf(key), 2, digestKey));
      assert.ok(cds.every((each) => signers.some((own) => isEqual(own, each))));
      zone.wait(1, true);
    }
  });

  test('of a KSK rollover both DS are asked for until the new one is seen, and only then the new one alone (RFC 6781 4.1.2)', () => {
    const zone = new Delegation();
    zone.wait(12, true);
    const before = zone.shown.cds;
    zone.retire('ksk');
    const seen: number[] = [];
    zone.wait(30, false);
    assert.equal(zone.shown.cds.length, 2);
    assert.ok(zone.shown.cds.some((each) => before[0] !== undefined && isEqual(each, before[0])));
    for (let hour = 0; hour < 12; hour++) {
      seen.push(zone.shown.cds.length);
      zone.wait(1, true);
    }
    assert.deepEqual([...new Set(seen)], [2, 1]);
    assert.ok(!zone.shown.cds.some((each) => before[0] !== undefined && isEqual(each, before[0])));
    assert.equal(zone.keyring.keys.filter(({ role }) => role === 'ksk').length, 1);
  });
});

describe('RFC 8078, the first DS and the last', () => {
  test('4: "The contents of the CDS or CDNSKEY RRset MUST contain one RR and only contain the exact fields as shown below"', () => {
    // With erratum 5049: the material is one octet, 00 in hexadecimal and AA== in base64.
    assert.equal(formatRecordData(TYPE_CDS, CDS_DELETE), '0 0 0 00');
    assert.equal(formatRecordData(TYPE_CDNSKEY, CDNSKEY_DELETE), '0 3 0 AA==');
    const zone = new Delegation();
    zone.wait(12, true);
    zone.policy = { ...POLICY, withdraw: true };
    zone.wait(5, false);
    assert.deepEqual([zone.shown.cds, zone.shown.cdnskey], [[CDS_DELETE], [CDNSKEY_DELETE]]);
    assert.ok(zone.shown.zoneSigners.length > 0);
  });

  test('the zone is signed for as long as anybody may have a DS of it, and not longer', () => {
    const zone = new Delegation();
    zone.wait(12, true);
    zone.policy = { ...POLICY, withdraw: true };
    zone.wait(1000, false);
    assert.ok(showKeys(zone.keyring, OWNER, digestKey));
    zone.ds = [];
    zone.wait(2, false);
    assert.ok(showKeys(zone.keyring, OWNER, digestKey));
    zone.wait(1, false);
    assert.equal(showKeys(zone.keyring, OWNER, digestKey), undefined);
  });

  test('3: before every cache has what the DS leads to, none is asked for', () => {
    const zone = new Delegation();
    zone.wait(1, false);
    assert.deepEqual(zone.shown.cds, []);
    zone.wait(1, false);
    assert.equal(zone.shown.cds.length, 1);
  });
});

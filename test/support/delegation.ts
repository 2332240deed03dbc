// A zone with real keys and its parent, hour by hour: for tests of what the two say to each other, and of what validators make of
// it at each step.

import assert from 'node:assert/strict';
import { advanceKeys } from '../../src/dnssec/advance-keys.ts';
import { CDS_DELETE, isEqual } from '../../src/dnssec/dnskey.ts';
import { createKeyring, type Keyring } from '../../src/dnssec/keyring.ts';
import { readParent, type ShownKeys, showKeys } from '../../src/dnssec/show-keys.ts';
import { makeKeyRecord } from '../../src/keys/make-key-record.ts';
import { digestKey } from '../../src/keys/sign.ts';
import type { DnssecPolicy } from '../../src/model/dnssec.ts';
import { parseNameText } from '../../src/wire/name.ts';
import { SECRET } from './keeper-fixture.ts';

const HOUR_MS = 3_600_000;
export const ZONE = 'example.com';

export const POLICY: DnssecPolicy = {
  algorithm: 13,
  keys: 'split',
  denial: 'nsec',
  signatureSeconds: 1_209_600,
  keyTtlSeconds: 3600,
  zskLifetimeSeconds: undefined,
  kskLifetimeSeconds: undefined,
  propagationSeconds: 3600,
  parentTtlSeconds: 3600,
  parentPropagationSeconds: 3600,
  paused: false,
  withdraw: false,
};

export const OWNER = (() => {
  const name = parseNameText('example.com.');
  if (!(name instanceof Uint8Array)) throw new Error('no name');
  return name;
})();

/** A zone and a parent that does what CDS says when the test lets it. */
export class Delegation {
  keyring: Keyring = createKeyring('example.com');
  policy: DnssecPolicy;
  ds: readonly Uint8Array[] = [];
  nowMs = 0;

  constructor(policy = POLICY) {
    this.policy = policy;
    this.look();
  }

  get shown(): ShownKeys {
    const shown = showKeys(this.keyring, OWNER, digestKey);
    assert.ok(shown);
    return shown;
  }

  look(): void {
    for (let round = 0; round < 4; round++) {
      const parent = readParent(this.ds, 3600, this.keyring, OWNER, digestKey);
      const advance = advanceKeys(this.keyring, this.policy, { zoneTtlSeconds: 3600, parent }, this.nowMs);
      const made = advance.wanted.map(({ role, algorithm }) =>
        makeKeyRecord(SECRET, algorithm, { role, createdAtMs: ++this.nowMs }, advance.keyring),
      );
      this.keyring = { ...advance.keyring, keys: [...advance.keyring.keys, ...made] };
      if (made.length === 0) return;
    }
  }

  /** @param isObeying the parent takes over what CDS says each hour. */
  wait(hours: number, isObeying: boolean): void {
    for (let hour = 0; hour < hours; hour++) {
      this.nowMs += HOUR_MS;
      this.look();
      const cds = showKeys(this.keyring, OWNER, digestKey)?.cds ?? [];
      if (!isObeying || cds.length === 0) continue;
      this.ds = cds.some((each) => isEqual(each, CDS_DELETE)) ? [] : cds;
    }
  }

  retire(role: string): void {
    const keys = this.keyring.keys.map((key) => (key.role === role ? { ...key, isRetired: true } : key));
    this.keyring = { ...this.keyring, keys };
    this.look();
  }
}

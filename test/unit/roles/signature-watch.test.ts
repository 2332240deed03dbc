import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { SignatureWatch } from '../../../src/roles/signature-watch.ts';
import { makeZoneKeys } from '../../support/signed-keys.ts';
import { createFixture } from '../../support/snapshot-fixture.ts';

const ZONE = 'gtm.example.com';

function signedAt(nowSeconds: number) {
  const zones = [{ name: ZONE, ns: ['ns.example.net'], dnssec: { enabled: true } }];
  return createFixture({ zones, monitors: [] }, { keys: new Map([[ZONE, makeZoneKeys()]]), nowSeconds }).snapshot;
}

function openWatch() {
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  let nowMs = 1_800_000_000_000;
  let renewals = 0;
  let fault: Error | undefined;
  const watch: SignatureWatch = new SignatureWatch(
    async () => {
      renewals++;
      if (fault !== undefined) throw fault;
      watch.watch(signedAt(nowMs / 1000));
    },
    logger,
    () => nowMs,
  );
  return {
    watch,
    lines,
    pass: (seconds: number) => {
      nowMs += 1000 * seconds;
    },
    failWith: (error: Error | undefined) => {
      fault = error;
    },
    renewals: () => renewals,
  };
}

describe('the watch over signatures', () => {
  it('has the zones signed anew when the first signature is due, and not before', async () => {
    const { watch, pass, renewals } = openWatch();
    watch.watch(signedAt(1_800_000_000));
    await watch.look();
    assert.equal(renewals(), 0);
    pass(8 * 86_400);
    await watch.look();
    assert.equal(renewals(), 1);
    await watch.look();
    assert.equal(renewals(), 1);
    watch.stop();
  });

  it('has them signed anew when the clock turns out to have been ahead', async () => {
    const { watch, pass, renewals } = openWatch();
    watch.watch(signedAt(1_800_000_000));
    pass(-1800);
    await watch.look();
    assert.equal(renewals(), 0);
    pass(-86_400);
    await watch.look();
    await watch.look();
    assert.equal(renewals(), 1);
    watch.stop();
  });

  it('has nothing to watch where no zone is signed', async () => {
    const { watch, pass, renewals } = openWatch();
    watch.watch(createFixture({}).snapshot);
    pass(1000 * 86_400);
    await watch.look();
    assert.deepEqual([renewals(), watch.dueSeconds], [0, Number.POSITIVE_INFINITY]);
  });

  it('goes on trying where it cannot be done, and says so once, and once when it is over', async () => {
    const { watch, pass, failWith, lines, renewals } = openWatch();
    watch.watch(signedAt(1_800_000_000));
    pass(8 * 86_400);
    failWith(new Error('no compile thread'));
    for (let turn = 0; turn < 3; turn++) await watch.look();
    failWith(undefined);
    await watch.look();
    assert.equal(renewals(), 4);
    assert.deepEqual(lines, [
      'zones cannot be signed anew: what was signed stays, and runs out',
      'zones are signed anew again',
    ]);
    watch.stop();
  });
});

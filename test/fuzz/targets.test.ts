// The small run of `npm run fuzz` without sockets: everything that reads octets of strangers, with a fixed seed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRun } from './fuzz-worker.ts';
import { SHARES } from './target.ts';

/** Another seed for other messages: AZIMUTH_FUZZ_SEED. */
const SEED = Number(process.env.AZIMUTH_FUZZ_SEED ?? 20_260_603);
const TURNS = 800 * SHARES;

describe('everything that reads octets of strangers', () => {
  it(`takes ${TURNS.toLocaleString('en')} mutated messages, and breaks no promise`, { timeout: 120_000 }, (context) => {
    const { faults, outcomes, slowest } = createRun()(SEED, { from: 0, count: TURNS });
    context.diagnostic(
      `the slowest took ${Math.round(slowest.microseconds)} µs: ${slowest.target}, turn ${slowest.turn}`,
    );
    assert.deepEqual(faults, [], `seed ${SEED}`);
    // The mutators reach every part, and in it what is right as well as what is wrong.
    const reached = [
      'answer: NOERROR',
      'answer: FORMERR',
      'answer limited: limited',
      'answer signed by nsec: NXDOMAIN',
      'answer signed by nsec: transfer',
      'answer signed compactly: NOERROR',
      'proxy header: NOERROR',
      'proxy header: refused',
      'https request: status 200',
      'https request: status 400',
      'stream: 3 messages',
      'answers of others: read',
      'answers of others: form',
      'answers to checks: pattern',
      'answers to checks: no pattern',
      'database: read',
      'database: bad-pointer',
    ];
    assert.deepEqual(
      reached.filter((outcome) => outcomes[outcome] === undefined),
      [],
    );
  });

  it('tells of a fault with the turn that shows it again, and the same message comes again', () => {
    const seen: string[] = [];
    const target = {
      name: 'broken',
      share: SHARES,
      corpus: [Uint8Array.of(1, 2, 3, 4)],
      run(bytes: Uint8Array, turn: number) {
        seen.push(`${turn} ${Buffer.from(bytes).toString('hex')}`);
        if (turn === 7) throw new Error('it broke');
        return 'fine';
      },
    };
    const run = createRun(new Array(SHARES).fill(target));
    const { faults, outcomes } = run(1, { from: 5, count: 4 });
    assert.deepEqual(outcomes, { 'broken: fine': 3, 'broken: FAULT': 1 });
    const [fault] = faults;
    assert.ok(fault !== undefined && fault.turn === 7 && fault.message.includes('it broke'));
    seen.length = 0;
    assert.equal(run(1, { from: 7, count: 1 }).faults[0]?.hex, fault.hex);
    assert.equal(seen[0], `7 ${fault.hex}`);
  });
});

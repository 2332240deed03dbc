// Differential tests: random zones and random questions about them, asked of us, of NSD, of Knot DNS and of BIND. Whatever is
// answered otherwise is either a fault of ours, or stands in test/support/differential with the sentence that allows it.
//
// `npm test` runs a fixed seed, and that of AZIMUTH_DIFFERENTIAL_SEED beside it where one is given. A longer run takes about
// eight seconds for every hundred zones:
//
//   AZIMUTH_DIFFERENTIAL_ZONES=5000 AZIMUTH_DIFFERENTIAL_SEED=1 npm test -- test/integration/differential.test.ts

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRandom } from '../fuzz/mutate.ts';
import { ACCEPTED_DIFFERENCES } from '../support/differential/accepted-differences.ts';
import { askPeer, compareAnswers } from '../support/differential/compare.ts';
import { describeMessage } from '../support/differential/described-answer.ts';
import { keepServable, serveZones } from '../support/differential/own-server.ts';
import { type Peer, type PeerName, startPeer } from '../support/differential/peers.ts';
import { makeQuestion, type RandomQuestion } from '../support/differential/random-questions.ts';
import { makeZones, type RandomZone } from '../support/differential/random-zones.ts';
import { missingTools } from '../support/missing-tools.ts';
import { openProcesses, type Processes } from '../support/processes.ts';

const FIXED_SEED = 20261128;
const SEEDS = [...new Set([FIXED_SEED, Number(process.env['AZIMUTH_DIFFERENTIAL_SEED'] ?? FIXED_SEED)])];
/** Zones come three at a time, about. */
const WORLDS = Math.ceil(Number(process.env['AZIMUTH_DIFFERENTIAL_ZONES'] ?? 60) / 3);
const QUESTIONS_PER_WORLD = 150;
const PEERS: readonly PeerName[] = ['nsd', 'knotd', 'named'];
const MAX_SHOWN = 10;

type World = { readonly zones: readonly RandomZone[]; readonly questions: readonly RandomQuestion[] };

function makeWorlds(seed: number): World[] {
  const random = createRandom(seed);
  return Array.from({ length: WORLDS }, (_, index) => {
    const zones = keepServable(makeZones(random, index));
    return { zones, questions: Array.from({ length: QUESTIONS_PER_WORLD }, () => makeQuestion(random, zones)) };
  });
}

for (const seed of SEEDS) {
  for (const name of PEERS)
    describe(`beside ${name}, with seed ${seed}`, { skip: missingTools(name) }, () => holdAgainst(name, seed));
}

function holdAgainst(name: PeerName, seed: number): void {
  const worlds = makeWorlds(seed);
  const zones = worlds.flatMap((world) => world.zones);
  const answer = serveZones(zones);
  let processes: Processes;
  let peer: Peer;
  before(async () => {
    processes = await openProcesses();
    peer = await startPeer(processes, name, zones);
  });
  after(async () => {
    peer?.close();
    await processes.close();
  });

  test('every question is answered alike', async () => {
    const differences: string[] = [];
    for (const world of worlds) {
      const all = world.questions.map(async (question) => {
        const ours = describeMessage(answer(question));
        const theirs = await askPeer(peer, question, world.zones);
        const found = compareAnswers(ours, theirs, world.zones);
        const compared = { peer: name, question, zones: world.zones, ours, theirs };
        const isAccepted = ACCEPTED_DIFFERENCES.some(({ covers }) => covers(compared));
        if (found.length > 0 && !isAccepted)
          differences.push(`${question.name} ${question.type}\n    ${found.join('\n    ')}`);
      });
      await Promise.all(all);
    }
    const count = differences.length;
    assert.ok(count === 0, `${count} differences, such as\n${differences.slice(0, MAX_SHOWN).join('\n')}`);
  });
}

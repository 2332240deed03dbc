// A running node through the whole life of its keys, in real time: Unbound and BIND, which ask for every kind of answer again and
// again, find all of it proven at each step, and nothing bogus ever. Some of them keep a cache throughout, so that what they hold
// is always of a moment ago (what the waits of a rollover are for); some keep nothing, so that they see only what is there now;
// and some validate what a cache gives them that does not, keys and signatures of different moments: the strictest test of all.
//
//   a.example  key of the zone, then key of the keys, then unsigned     the registrar gives out what CDS says, at once
//   b.example  one key for both (absence proved compactly), then unsigned
//   c.example  another algorithm, then unsigned

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatRecordData } from '../../src/wire/record-data.ts';
import { TYPE_DNSKEY } from '../../src/wire/record-types.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { missingTools } from '../support/missing-tools.ts';
import { openProcesses } from '../support/processes.ts';
import {
  describeRollovers,
  KINDS,
  type Kind,
  type Life,
  listZones,
  PARENT,
  SIGNED_TYPES,
  TTL_SECONDS,
} from '../support/rollover-world.ts';
import { createRegistrar, type SigningNode, startSigningNode, type ZoneView } from '../support/signing-node.ts';
import {
  type Resolver,
  type ResolverKind,
  resolve,
  startCache,
  startResolver,
} from '../support/validating-resolvers.ts';

const LIVES = [
  { zone: `a.${PARENT}`, keys: 'split', denial: 'nsec' },
  { zone: `b.${PARENT}`, keys: 'single', denial: 'compact' },
  { zone: `c.${PARENT}`, keys: 'split', denial: 'nsec' },
] as const satisfies readonly Life[];

const STEP_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 200;
const ASK_EVERY_MS = 200;
const ASKED_AT_ONCE = 4;
/** After a zone is signed no more: rounds in which nothing is proven, and nothing bogus. */
const LAST_ROUNDS_MS = 2000;
/** Steps (what is shown of its keys) during which all was asked from end to end, at least; on an idle machine it is all of them, 10 to 12. */
const FEWEST_STEPS: Readonly<Record<string, number>> = { 'a.example': 7, 'b.example': 6, 'c.example': 6 };

/** What a validator must make of a zone: all proven; whatever it likes but bogus; or nothing proven. */
type Expectation = 'secure' | 'either' | 'insecure';
type Watched = { readonly life: Life; expectation: Expectation; step: string };

describe('validating resolvers, through every step of rollovers', {
  skip: missingTools('unbound', 'named'),
  timeout: 180_000,
}, () => {
  it('find every kind of answer proven until the zone is withdrawn, and none bogus ever', async (context) => {
    const processes = await openProcesses();
    context.after(() => processes.close());
    const node = await startSigningNode(processes, describeRollovers(LIVES));
    const ended = new AbortController();
    context.after(() => ended.abort());
    const parents = new Map(
      LIVES.flatMap(({ zone }) => [
        [zone, PARENT],
        [`secure.${zone}`, zone],
      ]),
    );
    const registrar = createRegistrar(node, parents, TTL_SECONDS);
    const watched = LIVES.map((life): Watched => ({ life, expectation: 'either', step: '' }));
    const background = [repeat(LOOK_EVERY_MS, ended.signal, () => registrar.serve())];
    background.push(
      repeat(LOOK_EVERY_MS, ended.signal, async () => {
        for (const each of watched) each.step = describeStep(await node.view(each.life.zone));
      }),
    );
    await waitUntil(
      'the parent is signed',
      async () => (await node.data(PARENT, 'DNSKEY')).length > 0,
      STEP_LIMIT_MS,
      100,
    );
    const [dnskey = new Uint8Array(0)] = await node.data(PARENT, 'DNSKEY');
    const anchor = { zone: PARENT, dnskey: formatRecordData(TYPE_DNSKEY, dnskey) };
    const zones = listZones(LIVES);
    const cache = await startCache(processes, { zones, upstream: node.port });
    const start = (kind: ResolverKind, keepsCache: boolean, isBehindCache = false) => {
      const upstream = isBehindCache ? cache : node.port;
      return startResolver(processes, { kind, keepsCache, isBehindCache, anchor, zones, upstream });
    };
    const resolvers = await Promise.all([
      start('unbound', true),
      start('named', true),
      start('unbound', false),
      start('named', false),
      start('unbound', false, true),
      start('named', false, true),
    ]);

    const wrong = new Set<string>();
    const rounds = new Map<string, Set<string>>();
    for (const each of watched) {
      for (const resolver of resolvers) {
        const steps = new Set<string>();
        rounds.set(`${each.life.zone}, ${resolver.name}`, steps);
        background.push(
          repeat(ASK_EVERY_MS, ended.signal, async () => {
            const { step } = each;
            await askAll(resolver, each, wrong, ended.signal);
            if (each.step === step) steps.add(step);
          }),
        );
      }
    }
    const whole = Promise.all(watched.map((each) => live(node, each)));
    try {
      await Promise.race([whole, Promise.all(background)]);
      await whole;
    } finally {
      ended.abort();
      if (wrong.size > 0) process.stderr.write(`${processes.report()}\n`);
      assert.deepEqual([...wrong].slice(0, MAX_TOLD), []);
    }
    await Promise.all(background);
    for (const [what, steps] of rounds) {
      context.diagnostic(`${what}: ${steps.size} steps`);
      const fewest = FEWEST_STEPS[what.split(',')[0] ?? ''] ?? 0;
      assert.ok(steps.size >= fewest, `${what}: only ${[...steps].join('\n')}`);
    }
  });
});

const MAX_TOLD = 40;

async function repeat(pauseMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(pauseMs);
  }
}

/** The story of one zone, from its first key to none. */
async function live(node: SigningNode, watched: Watched): Promise<void> {
  const { zone } = watched.life;
  const change = (dnssec: object) => node.call('PATCH', `zones/${zone}`, { dnssec });
  const rollOver = async (role: string) => {
    const before = await node.view(zone);
    await node.call('POST', `zones/${zone}/dnssec/rollover`, { role });
    await settle(node, zone, ({ keys }) => before.keys.every(({ id, role: own }) => own !== role || !has(keys, id)));
  };
  await settle(node, zone);
  await settle(node, `secure.${zone}`);
  watched.expectation = 'secure';
  switch (zone) {
    case LIVES[0].zone:
      await rollOver('zsk');
      await rollOver('ksk');
      break;
    case LIVES[1].zone:
      await rollOver('csk');
      break;
    default:
      await change({ algorithm: 'ed25519' });
      await settle(node, zone, ({ keys }) => keys.every(({ algorithm }) => algorithm === 15));
  }
  watched.expectation = 'either';
  await change({ withdraw: true });
  await waitUntil(
    `${zone} is signed no more`,
    async () => (await node.data(zone, 'DNSKEY')).length === 0,
    STEP_LIMIT_MS,
    LOOK_EVERY_MS,
  );
  await sleep((TTL_SECONDS + 1) * 1000);
  watched.expectation = 'insecure';
  await sleep(LAST_ROUNDS_MS);
}

function has(keys: ZoneView['keys'], id: string): boolean {
  return keys.some((key) => key.id === id);
}

/** Waits until every key is where it shall be, and no other is left. */
async function settle(
  node: SigningNode,
  zone: string,
  isDone: (view: ZoneView) => boolean = () => true,
): Promise<void> {
  await waitUntil(
    `the keys of ${zone} are settled`,
    async () => {
      const view = await node.view(zone);
      const isSettled = view.keys.every(
        ({ role, retired, dnskey, signatures, ds }) =>
          !retired &&
          dnskey.phase === 'omnipresent' &&
          (role === 'ksk' || signatures.phase === 'omnipresent') &&
          (role === 'zsk' || ds.phase === 'omnipresent'),
      );
      return view.keys.length > 0 && isSettled && isDone(view);
    },
    STEP_LIMIT_MS,
    LOOK_EVERY_MS,
  );
}

function describeStep({ keys }: ZoneView): string {
  return keys
    .map(({ role, algorithm, dnskey, signatures, ds }) =>
      [role, algorithm, dnskey.phase, signatures.phase, ds.phase].join(' '),
    )
    .join('; ');
}

async function askAll(resolver: Resolver, watched: Watched, wrong: Set<string>, signal: AbortSignal): Promise<void> {
  for (let from = 0; from < KINDS.length && !signal.aborted; from += ASKED_AT_ONCE) {
    const kinds = KINDS.slice(from, from + ASKED_AT_ONCE);
    const found = await Promise.all(kinds.map((kind) => askOne(resolver, watched, kind)));
    for (const each of found) if (each !== undefined) wrong.add(each);
  }
}

/** What is wrong with it; undefined: nothing. */
async function askOne(
  resolver: Resolver,
  { life: { zone, denial }, expectation, step }: Watched,
  [name, type, comes, isProven]: Kind,
): Promise<string | undefined> {
  // Whether they are there is then a matter of when.
  if (expectation !== 'secure' && SIGNED_TYPES.has(type)) return undefined;
  const full = name === '' ? zone : `${name}.${zone}`;
  const { rcode, isSecure, answers } = await resolve(resolver, full, type);
  const isAnswered = rcode === 'NOERROR' || (comes === 'nothing' && rcode === 'NXDOMAIN');
  // An alias that leads nowhere is an answer without what was asked for.
  const isRight = comes === 'nothing' || answers > 0;
  const isJudgedRight = expectation === 'either' || isSecure === (isProven && expectation === 'secure');
  if (isAnswered && isRight && isJudgedRight) return undefined;
  const found = `${rcode}, ${answers} answers, ${isSecure ? 'secure' : 'not secure'}`;
  return `${resolver.name}, ${full} ${type} (${denial}), to be ${expectation}: ${found}; ${step}`;
}

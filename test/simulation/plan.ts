// What goes wrong in a world, and when: drawn from its seed before it begins. Every fault has a beginning and an end; at
// `healMs` all have ended, and from then on nothing changes any more.

import { createRandom, type Random } from './random.ts';
import type { Condition } from './targets.ts';

export const VANTAGES = ['fra', 'iad', 'sin'] as const;

/** As in the budgets of failover: a check a second from each of three vantages. */
export const TIMING = { intervalMs: 1000, timeoutMs: 500, fall: 2, rise: 2 } as const;

/** Of the quorum `majority`. */
export const QUORUM = 2;

export type Fault = { readonly beginMs: number; readonly endMs: number } & (
  | { readonly kind: 'cut'; readonly processes: readonly string[] }
  | { readonly kind: 'stall'; readonly processes: readonly string[] }
  /** Held up again and again: too little processor for what there is to do. */
  | {
      readonly kind: 'stutter';
      readonly processes: readonly string[];
      readonly stallMs: number;
      readonly everyMs: number;
    }
  | { readonly kind: 'crash'; readonly processes: readonly string[]; readonly disk: 'kept' | 'lost' | 'torn' }
  /** Workers leave in order, and come back. */
  | { readonly kind: 'leave'; readonly processes: readonly string[] }
  | { readonly kind: 'disk-full'; readonly processes: readonly string[] }
  | { readonly kind: 'clock-jump'; readonly processes: readonly string[]; readonly byMs: number }
  | { readonly kind: 'lost-replies'; readonly processes: readonly string[]; readonly share: number }
  | { readonly kind: 'messages'; readonly loss: number; readonly repetition: number; readonly delayMs: number }
  | { readonly kind: 'redis-paused' }
  | { readonly kind: 'redis-down'; readonly loses: 'nothing' | 'everything' }
  /** A replica that is `behindMs` late takes over at the end. */
  | { readonly kind: 'redis-went-back'; readonly behindMs: number }
  | { readonly kind: 'lie'; readonly vantage: string }
  | { readonly kind: 'path'; readonly vantage: string; readonly endpoint: string }
  | { readonly kind: 'target'; readonly endpoint: string; readonly condition: Exclude<Condition, 'up'> }
  | { readonly kind: 'flapping'; readonly endpoint: string; readonly everyMs: number }
);

/** An operator wants a change of the configuration. */
export type Wish = { readonly atMs: number; readonly process: string };

export type Plan = {
  readonly seed: number;
  readonly workers: readonly { readonly vantage: string; readonly name: string }[];
  readonly dnsNodes: readonly string[];
  readonly apiNodes: readonly string[];
  readonly faults: readonly Fault[];
  readonly wishes: readonly Wish[];
  /** The store holds a first revision already; otherwise whoever commits imports it. */
  readonly isFirstKnown: boolean;
  readonly healMs: number;
  readonly endMs: number;
};

/** All is quiet until then: processes start, and come to first verdicts. */
const QUIET_MS = 1800;
const FAULTS_END_MS = 7500;
/** After all is healed: see docs/reliability.md. */
export const CONVERGENCE_MS = 1500;
export const DETECTION_MS = 2600;

export const ENDPOINTS = ['eu/a', 'eu/b', 'us/a', 'ap/a'] as const;

export function createPlan(seed: number): Plan {
  const random = createRandom(seed, 1);
  const twins = random.chance(0.4) ? random.pick(VANTAGES) : undefined;
  const workers = VANTAGES.flatMap((vantage) =>
    (vantage === twins ? ['w1', 'w2'] : ['w1']).map((worker) => ({ vantage, name: `${vantage}/${worker}` })),
  );
  const dnsNodes = ['dns1', 'dns2'];
  const apiNodes = ['api1', 'api2'];
  const draw = { random, workers: workers.map(({ name }) => name), dnsNodes, apiNodes };
  const wishes = drawMany(random.whole(1, 4), () => ({
    atMs: random.between(QUIET_MS, FAULTS_END_MS),
    process: random.pick(apiNodes),
  }));
  const story = random.chance(0.25) ? drawStory(draw, wishes) : undefined;
  const faults = [
    ...(story ?? drawMany(random.whole(1, 4), () => drawFault(draw, wishes))),
    ...drawMany(random.whole(1, 4), () => drawChange(draw)),
  ].sort((a, b) => a.beginMs - b.beginMs);
  const healMs = Math.max(FAULTS_END_MS, ...faults.map(({ endMs }) => endMs).filter(Number.isFinite));
  // One liar at most: with two of three no quorum can help.
  const liars = faults.filter(({ kind }) => kind === 'lie');
  return {
    seed,
    workers,
    dnsNodes,
    apiNodes,
    faults: faults.filter((fault) => fault.kind !== 'lie' || fault === liars[0]),
    wishes: wishes.toSorted((a, b) => a.atMs - b.atMs),
    isFirstKnown: random.chance(0.85),
    healMs,
    endMs: healMs + CONVERGENCE_MS + DETECTION_MS,
  };
}

type Draw = {
  readonly random: Random;
  readonly workers: readonly string[];
  readonly dnsNodes: readonly string[];
  readonly apiNodes: readonly string[];
};

function drawFault(draw: Draw, wishes: readonly Wish[]): Fault {
  const { random } = draw;
  const span = drawSpan(random, 300, 4000);
  const processes = drawProcesses(draw);
  switch (random.whole(0, 16)) {
    case 0:
    case 1:
      return { kind: 'cut', processes, ...span };
    case 2:
      return { kind: 'stall', processes, ...drawSpan(random, 200, 2500) };
    case 3:
    case 4: {
      const stallMs = random.between(520, 900);
      return { kind: 'stutter', processes, ...span, stallMs, everyMs: stallMs + random.between(50, 300) };
    }
    case 5:
    case 6:
      return { kind: 'crash', processes, ...span, disk: random.pick(['kept', 'kept', 'lost', 'torn'] as const) };
    case 7:
      return { kind: 'disk-full', processes, ...span };
    case 8:
      return { kind: 'clock-jump', processes, ...span, byMs: random.between(-3_600_000, 3_600_000) };
    case 9:
      return { kind: 'lost-replies', processes, ...span, share: random.between(0.1, 1) };
    case 10:
      return {
        kind: 'messages',
        ...span,
        loss: random.pick([0, 0.3, 1]),
        repetition: random.pick([0, 0.5]),
        delayMs: random.pick([0, 300, 1200]),
      };
    case 11:
      return { kind: 'redis-paused', ...drawSpan(random, 200, 2500) };
    case 12:
      return { kind: 'redis-down', ...span, loses: random.pick(['nothing', 'everything'] as const) };
    case 13: {
      const behindMs = random.pick([10, 200, 2000]);
      const wish = random.chance(0.7) ? random.pick(wishes) : undefined;
      if (wish === undefined) return { kind: 'redis-went-back', ...drawSpan(random, 0, 300), behindMs };
      // Soon after a commit: of what happens then most is lost.
      const beginMs = wish.atMs + random.between(2, 200);
      return { kind: 'redis-went-back', beginMs, endMs: beginMs + random.pick([0, 1, 100]), behindMs };
    }
    case 14:
      return { kind: 'leave', processes: drawWorkers(draw), ...drawSpan(random, 300, 2000) };
    default:
      return { kind: 'lie', vantage: random.pick(VANTAGES), ...span };
  }
}

/** Faults that matter together, and would seldom meet by chance. */
function drawStory(draw: Draw, wishes: Wish[]): Fault[] {
  const { random, workers, dnsNodes, apiNodes } = draw;
  switch (random.whole(0, 7)) {
    case 0: {
      // All workers die, and a node begins anew to which only their last words are left.
      const crash = { kind: 'crash', disk: 'kept' } as const;
      const beginMs = random.between(QUIET_MS, QUIET_MS + 500);
      const restartMs = beginMs + random.between(4000, 4500);
      return [
        { ...crash, processes: workers, beginMs, endMs: FAULTS_END_MS },
        { ...crash, processes: [random.pick(dnsNodes)], beginMs: restartMs - 200, endMs: restartMs },
      ];
    }
    case 1: {
      // Two vantages, or all, have too little processor for what they do.
      const spared = random.pick([...VANTAGES, 'none']);
      const processes = workers.filter((name) => !name.startsWith(`${spared}/`));
      const stallMs = random.between(520, 900);
      const everyMs = stallMs + random.between(50, 300);
      return [{ kind: 'stutter', processes, stallMs, everyMs, ...drawSpan(random, 2500, 5000) }];
    }
    case 2: {
      // A worker is cut off for so short a time that what it sent is still on its way when it is there again.
      const processes = drawWorkers(draw);
      const beginMs = random.between(QUIET_MS, FAULTS_END_MS - 2000);
      const cuts = [0, 1, 2].map((turn) => {
        const atMs = beginMs + turn * 600;
        return { kind: 'cut', processes, beginMs: atMs, endMs: atMs + random.between(20, 500) } as const;
      });
      return random.chance(0.5) ? cuts : [...cuts, { kind: 'leave', processes, beginMs, endMs: beginMs + 900 }];
    }
    case 3: {
      // Two commits in a row, of which the store loses the second while nodes compile it.
      const atMs = random.between(QUIET_MS, FAULTS_END_MS - 2000);
      const process = random.pick(apiNodes);
      const gapMs = random.between(20, 150);
      wishes.push({ atMs, process }, { atMs: atMs + gapMs, process });
      const beginMs = atMs + gapMs + random.between(10, 60);
      const behindMs = beginMs - atMs - random.between(15, gapMs);
      return [{ kind: 'redis-went-back', beginMs, endMs: beginMs + 1, behindMs }];
    }
    case 4: {
      // A worker leaves, and the store forgets that it did.
      const beginMs = random.between(QUIET_MS, FAULTS_END_MS - 2500);
      const atMs = beginMs + random.between(100, 600);
      const behindMs = random.between(100, 1000);
      return [
        { kind: 'leave', processes: drawWorkers(draw), beginMs, endMs: beginMs + 2500 },
        { kind: 'redis-went-back', beginMs: atMs, endMs: atMs + 5, behindMs },
      ];
    }
    case 5: {
      // The store loses a commit that only one node each of both kinds has seen; the other one that commits is asked for a change.
      const atMs = random.between(QUIET_MS, FAULTS_END_MS - 2000);
      const [process = 'none', other = 'none'] = random.chance(0.5) ? apiNodes : apiNodes.toReversed();
      wishes.push({ atMs, process });
      const beginMs = atMs + random.between(20, 200);
      wishes.push({ atMs: beginMs + random.between(100, 1200), process: other });
      return [
        { kind: 'stall', processes: [other, random.pick(dnsNodes)], beginMs: atMs, endMs: beginMs + 2 },
        { kind: 'redis-went-back', beginMs, endMs: beginMs + 1, behindMs: beginMs - atMs },
      ];
    }
    default: {
      // Words of changes come late, while workers leave and come back.
      const span = drawSpan(random, 3000, 5000);
      const messages = { kind: 'messages', loss: 0.2, repetition: 0.5, delayMs: 1200, ...span } as const;
      const leaves = [0, 1].map(
        () => ({ kind: 'leave', processes: drawWorkers(draw), ...drawSpan(random, 300, 2000) }) as const,
      );
      return [messages, ...leaves];
    }
  }
}

function drawWorkers({ random, workers }: Draw): readonly string[] {
  return random.chance(0.7) ? [random.pick(workers)] : workers;
}

function drawChange({ random }: Draw): Fault {
  const endpoint = random.pick(ENDPOINTS);
  const span = drawSpan(random, 500, 5000);
  const kind = random.next();
  if (kind < 0.15) return { kind: 'flapping', endpoint, ...span, everyMs: random.between(200, 1500) };
  if (kind < 0.35) return { kind: 'path', vantage: random.pick(VANTAGES), endpoint, ...span };
  const condition = random.pick(['refusing', 'silent', 'slow'] as const);
  // Some stay as they are, so that not all is well in the end.
  return {
    kind: 'target',
    endpoint,
    condition,
    ...span,
    ...(random.chance(0.3) && { endMs: Number.POSITIVE_INFINITY }),
  };
}

function drawSpan(random: Random, leastMs: number, mostMs: number): { beginMs: number; endMs: number } {
  const beginMs = random.between(QUIET_MS, FAULTS_END_MS - leastMs);
  return { beginMs, endMs: Math.min(FAULTS_END_MS, beginMs + random.between(leastMs, mostMs)) };
}

/** One process, all of one kind, all workers of one vantage, or all workers of two. */
function drawProcesses({ random, workers, dnsNodes, apiNodes }: Draw): readonly string[] {
  const everyone = [...workers, ...dnsNodes, ...apiNodes];
  const kind = random.whole(0, 6);
  if (kind < 3) return [random.pick(everyone)];
  if (kind === 3) return random.pick([workers, dnsNodes, apiNodes]);
  const spared = random.pick(VANTAGES);
  return kind === 4
    ? workers.filter((name) => name.startsWith(`${spared}/`))
    : workers.filter((name) => !name.startsWith(`${spared}/`));
}

function drawMany<Item>(count: number, draw: () => Item): Item[] {
  return Array.from({ length: count }, draw);
}

export function describePlan({ seed, workers, faults, wishes, isFirstKnown, healMs, endMs }: Plan): string {
  const lines = [
    `seed ${seed}: workers ${workers.map(({ name }) => name).join(' ')}; healed at ${ms(healMs)}, over at ${ms(endMs)}`,
    ...(isFirstKnown ? [] : ['  the store is empty in the beginning']),
    ...faults.map((fault) => {
      const { kind, beginMs, endMs: end, ...rest } = fault;
      return `  ${ms(beginMs)} to ${ms(end)}  ${kind} ${JSON.stringify(rest)}`;
    }),
    ...wishes.map(({ atMs, process }) => `  ${ms(atMs)}  an operator at ${process} wants a change`),
  ];
  return lines.join('\n');
}

function ms(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} ms` : 'the end';
}

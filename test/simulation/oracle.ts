// What must hold at every step, whatever goes wrong: see docs/reliability.md, whose numbers stand here. It is written from
// what the world knows, never from what the code under test has concluded, and notes the first step at which something
// does not hold.

import type { HealthJudgement } from '../../src/health/cluster-health.ts';
import { slotKey } from '../../src/health/merge-slots.ts';
import type { Slot, SlotId, SlotVersion } from '../../src/health/slot.ts';
import type { VerdictState, Verdicts } from '../../src/health/verdict.ts';
import {
  compareRevisionIds,
  formatRevisionId,
  type Manifest,
  type Revision,
  type RevisionId,
} from '../../src/model/revision.ts';
import type { Meaning } from './documents.ts';
import type { EventQueue } from './event-queue.ts';
import { type Plan, QUORUM, TIMING, VANTAGES } from './plan.ts';
import { COMMAND_TIMEOUT_MS } from './store-client.ts';
import { endpointOf, type Targets } from './targets.ts';

export type Violation = { readonly invariant: string; readonly atMs: number; readonly what: string };

export const HEARTBEAT_MS = 1000;
/** A word counts for three heartbeats after it was last heard. */
const LIVENESS_MS = 3 * HEARTBEAT_MS;

/** A node that answers. */
export type ServingNode = {
  readonly name: string;
  readonly meaning: Meaning;
  readonly id: RevisionId;
  readonly judgement: HealthJudgement;
  readonly verdicts: Verdicts;
};

/** When a worker of a vantage last put a word about a target into its slot. */
type Spoken = { upAtMs: number; downAtMs: number };

/** What a node says of a target, and how often that has turned in one life. */
type Said = { verdict: VerdictState; turns: number };

type Commit = { readonly number: number; readonly base: number; isAcknowledged: boolean; readonly atMs: number };

export class Oracle {
  readonly #plan: Plan;
  readonly #queue: EventQueue;
  readonly #targets: Targets;
  /** By vantage, and target. */
  readonly #spoken = new Map<string, Map<string, Spoken>>(VANTAGES.map((vantage) => [vantage, new Map()]));
  /** What the store holds and has given out, since it last lost anything. */
  readonly #stored = new Map<string, SlotVersion>();
  readonly #epochs = new Map<string, number>();
  readonly #nodes = new Map<string, ServingNode>();
  /** By node, and target. */
  readonly #said = new Map<string, Map<string, Said>>();
  readonly #contents = new Map<string, string>();
  readonly #commits = new Map<number, Commit>();
  readonly #latenessMs: number;
  readonly #confusionMs: number;
  #liar: string | undefined;
  #liedUntilMs = Number.NEGATIVE_INFINITY;
  lies = 0;
  /** The first. */
  violation: Violation | undefined;

  constructor(plan: Plan, queue: EventQueue, targets: Targets) {
    this.#plan = plan;
    this.#queue = queue;
    this.#targets = targets;
    this.#latenessMs = latenessOf(plan);
    this.#confusionMs = confusionOf(plan);
  }

  // What happened.

  noteLiar(vantage: string | undefined): void {
    if (vantage === undefined) this.#liedUntilMs = this.#queue.nowMs;
    else {
      this.#liar = vantage;
      this.#liedUntilMs = Number.POSITIVE_INFINITY;
    }
    this.lies++;
  }

  noteWords({ vantage, votes }: Slot): void {
    const ofVantage = this.#spoken.get(vantage);
    for (const { target, vote } of votes) {
      let spoken = ofVantage?.get(target);
      if (spoken === undefined) {
        spoken = { upAtMs: Number.NEGATIVE_INFINITY, downAtMs: Number.NEGATIVE_INFINITY };
        ofVantage?.set(target, spoken);
      }
      if (vote === 'up' || vote === 'suspect') spoken.upAtMs = this.#queue.nowMs;
      if (vote === 'down') spoken.downAtMs = this.#queue.nowMs;
    }
  }

  noteEpoch(id: SlotId, epoch: number): void {
    this.#epochs.set(slotKey(id), epoch);
  }

  noteStoreLost(): void {
    this.#stored.clear();
    this.#epochs.clear();
  }

  noteAttempt(number: number, base: number): void {
    this.#commits.set(number, { number, base, isAcknowledged: false, atMs: this.#queue.nowMs });
  }

  noteAcknowledged(number: number): void {
    const commit = this.#commits.get(number);
    if (commit !== undefined) commit.isAcknowledged = true;
  }

  noteEnd(node: string): void {
    this.#nodes.delete(node);
  }

  // What must hold.

  /** Of a slot, in whatever keeps it: its version never goes back. */
  checkSlotAdvances(where: string, before: SlotVersion | undefined, after: SlotVersion): void {
    if (before === undefined) return;
    const order = after.epoch - before.epoch || after.sequence - before.sequence;
    if (order > 0) return;
    const versions = `${before.epoch}.${before.sequence} to ${after.epoch}.${after.sequence}`;
    this.#fail('versions never go back', `${where}: ${slotKey(after)} went from ${versions}`);
  }

  /** The store takes a slot: newer than the one before, and under no epoch that was given away since. */
  checkStored(slot: Slot): void {
    const key = slotKey(slot);
    this.checkSlotAdvances('the store', this.#stored.get(key), slot);
    this.#stored.set(key, slot);
    const fence = this.#epochs.get(key) ?? 0;
    if (slot.epoch >= fence) return;
    this.#fail('versions never go back', `the store took ${key} under ${slot.epoch}, after it gave out ${fence}`);
  }

  /** A node puts a revision in force in the place of `before`. */
  checkServes(node: string, before: RevisionId | undefined, revision: Revision): void {
    const { id } = revision.manifest;
    if (before !== undefined && compareRevisionIds(id, before) < 0) {
      const way = `${formatRevisionId(before)} to ${formatRevisionId(id)}`;
      this.#fail('revisions never go back', `${node} went from ${way}`);
    }
    this.#checkContent(node, revision.manifest);
  }

  /** One id, one content, wherever it is served. */
  #checkContent(node: string, { id, objects }: Manifest): void {
    const key = formatRevisionId(id);
    const content = Object.values(objects).join();
    const known = this.#contents.get(key);
    this.#contents.set(key, content);
    if (known !== undefined && known !== content) {
      this.#fail('one revision, one content', `${node} serves another ${key} than was served before`);
    }
  }

  /** After every change of what a node answers by. */
  checkNode(node: ServingNode): void {
    this.#nodes.set(node.name, node);
    this.#checkTurns(node);
    const wrong = node.meaning.findWrongAnswer(node.judgement, node.verdicts);
    if (wrong !== undefined) this.#fail('names are answered, forced-down addresses are not', `${node.name}: ${wrong}`);
    for (const other of this.#nodes.values()) if (other !== node) this.#checkEqual(node, other);
  }

  #checkTurns(node: ServingNode): void {
    // An endpoint that is taken away, and comes back with a later revision, is judged like one that was never there.
    const ofNode = this.#saidBy(node.name);
    for (const target of ofNode.keys()) if (!node.verdicts.has(target)) ofNode.delete(target);
    for (const [target, { verdict }] of node.verdicts) {
      // What was said is remembered here, for a node may write into its own table.
      const before = ofNode.get(target);
      if ((before?.verdict ?? 'unknown') === verdict) continue;
      const turns = (before?.turns ?? 0) + 1;
      ofNode.set(target, { verdict, turns });
      this.#checkWords(node.name, target, verdict);
      this.#checkTruth(node.name, target, verdict);
      this.#checkFlaps(node.name, target, turns);
    }
  }

  #saidBy(node: string): Map<string, Said> {
    const known = this.#said.get(node);
    if (known !== undefined) return known;
    const ofNode = new Map<string, Said>();
    this.#said.set(node, ofNode);
    return ofNode;
  }

  /** A quorum of vantages has said so, lately enough to count. */
  #checkWords(node: string, target: string, verdict: VerdictState): void {
    const sinceMs = this.#queue.nowMs - LIVENESS_MS - this.#latenessMs;
    const speakers = VANTAGES.filter((vantage) => {
      const spoken = this.#spoken.get(vantage)?.get(target);
      const spokenAtMs = verdict === 'up' ? spoken?.upAtMs : verdict === 'down' ? spoken?.downAtMs : undefined;
      return (spokenAtMs ?? Number.NEGATIVE_INFINITY) >= sinceMs;
    });
    if (speakers.length >= QUORUM) return;
    const who = speakers.join(' and ') || 'nobody';
    this.#fail('no turn without a fresh quorum', `${node} calls ${target} ${verdict}, which ${who} said lately`);
  }

  /** And as many could have seen it so: all that were honest, and the liar. */
  #checkTruth(node: string, target: string, verdict: VerdictState): void {
    const sinceMs = this.#queue.nowMs - LIVENESS_MS - this.#latenessMs - this.#confusionMs;
    const endpoint = target.slice(0, target.indexOf('#'));
    const witnesses = VANTAGES.filter((vantage) => {
      if (vantage === this.#liar && this.#liedUntilMs >= sinceMs) return true;
      return this.#targets.lastSeenMs(vantage, endpoint, verdict === 'up') >= sinceMs;
    });
    if (witnesses.length >= QUORUM) return;
    const who = witnesses.join(' and ') || 'nobody';
    this.#fail('verdicts are true', `${node} calls ${target} ${verdict}, which ${who} could have seen`);
  }

  /** In one life of a node: the first verdict, and one for each change that some vantage could see. */
  #checkFlaps(node: string, target: string, turns: number): void {
    const endpoint = target.slice(0, target.indexOf('#'));
    const bound = 1 + this.#targets.changesOf(endpoint, VANTAGES) + this.lies;
    if (turns > bound) this.#fail('flaps are bounded', `${node} turned ${target} ${turns} times, of ${bound}`);
  }

  /** Two nodes of one revision, to which the same words of the same workers decide, say the same. */
  #checkEqual(a: ServingNode, b: ServingNode): void {
    if (compareRevisionIds(a.id, b.id) !== 0) return;
    let isAlike = true;
    for (const [target, ofA] of a.verdicts) {
      const ofB = b.verdicts.get(target);
      if (ofB === undefined || ofA.verdict === ofB.verdict) continue;
      isAlike = false;
      const words = (votes: typeof ofA.votes) =>
        votes.flatMap(({ vantage, vote, fresh }) => (fresh ? [`${vantage} ${vote}`] : [])).join();
      const said = words(ofA.votes);
      if (said !== words(ofB.votes)) continue;
      const up = ofA.votes.filter(({ fresh, vote }) => fresh && (vote === 'up' || vote === 'suspect')).length;
      const down = ofA.votes.filter(({ fresh, vote }) => fresh && vote === 'down').length;
      if (Math.max(up, down) < QUORUM) continue;
      this.#fail('equal inputs, equal answers', `of ${target}, ${a.name} and ${b.name} hear "${said}" and differ`);
    }
    // What the removal brake holds depends on what went first, which each node saw for itself.
    const holds = (node: ServingNode) => node.judgement.endpoints.some(({ heldUntilMs }) => heldUntilMs !== undefined);
    if (!isAlike || holds(a) || holds(b)) return;
    const isJudgedAlike =
      areEqual(a.judgement.endpointClass, b.judgement.endpointClass) &&
      areEqual(a.judgement.clusterServing, b.judgement.clusterServing);
    if (isJudgedAlike) return;
    const classes = ({ judgement }: ServingNode) =>
      `${judgement.endpointClass.join()} ${judgement.clusterServing.join()}`;
    this.#fail('equal inputs, equal answers', `${a.name} judges ${classes(a)}, ${b.name} ${classes(b)}`);
  }

  /** A node began another life, in which it knows nothing. */
  forgetTurns(node: string): void {
    this.#said.delete(node);
  }

  /** The verdicts that all nodes must have come to in the end, of targets that nothing happens to any more. */
  checkVerdicts(nodes: readonly (ServingNode | undefined)[]): void {
    for (const node of nodes) {
      if (node === undefined) {
        this.#fail('convergence', 'a node serves nothing');
        continue;
      }
      for (const target of node.meaning.targets) {
        const endpoint = endpointOf(target);
        const good = VANTAGES.filter((vantage) => this.#targets.isGood(vantage, endpoint)).length;
        const expected = good >= QUORUM ? 'up' : 'down';
        const verdict = node.verdicts.get(target.id)?.verdict;
        if (verdict !== expected)
          this.#fail('convergence', `${node.name} calls ${target.id} ${verdict}, not ${expected}`);
      }
    }
  }

  /** What is in force everywhere, when all is healed. */
  checkRevisions(
    head: Manifest | undefined,
    served: readonly { readonly name: string; readonly id: RevisionId | undefined }[],
  ): void {
    if (head === undefined) return this.#fail('convergence', 'the store holds no revision');
    // Then an older configuration is imported anew, which nobody goes back to.
    if (losesEveryCopy(this.#plan)) return;
    for (const { name, id } of served) {
      if (id !== undefined && compareRevisionIds(id, head.id) === 0) continue;
      const has = id === undefined ? 'nothing' : formatRevisionId(id);
      this.#fail('convergence', `${name} has ${has}, the store ${formatRevisionId(head.id)}`);
    }
  }

  /** Every commit that an operator was told of is what is in force, or what that was made from. */
  checkCommits(number: number): void {
    if (countCommitFaults(this.#plan) > 1) return;
    const line = new Set<number>();
    for (let at: number | undefined = number; at !== undefined && !line.has(at); at = this.#commits.get(at)?.base) {
      line.add(at);
    }
    for (const commit of this.#commits.values()) {
      if (!commit.isAcknowledged || line.has(commit.number)) continue;
      const told = `change ${commit.number}, acknowledged at ${commit.atMs.toFixed(0)} ms`;
      this.#fail('no acknowledged commit is lost', `${told}, is not in ${number} nor in what that was made from`);
    }
  }

  /** Noted, not thrown: the code under test, which this is called from, would take it for an error of its own. */
  #fail(invariant: string, what: string): void {
    this.violation ??= { invariant, atMs: this.#queue.nowMs, what };
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Whether the store and the disks of both nodes that commit may all be lost in this world. */
function losesEveryCopy({ faults }: Plan): boolean {
  const wiped = new Set(
    faults.flatMap((fault) => (fault.kind === 'crash' && fault.disk !== 'kept' ? fault.processes : [])),
  );
  const isStoreLost = faults.some((fault) => fault.kind === 'redis-down' && fault.loses === 'everything');
  return isStoreLost && wiped.has('api1') && wiped.has('api2');
}

/** How late a word may be heard, beyond the heartbeat at which it is said again, given what goes wrong in this world. */
function latenessOf({ faults }: Plan): number {
  let lateMs = 100 + HEARTBEAT_MS;
  for (const fault of faults) {
    const spanMs = fault.endMs - fault.beginMs;
    switch (fault.kind) {
      case 'cut':
      case 'lost-replies':
      case 'redis-paused':
      case 'redis-down':
      case 'redis-went-back':
        lateMs += spanMs + 3 * COMMAND_TIMEOUT_MS;
        break;
      case 'stall':
      case 'stutter':
        lateMs += spanMs + HEARTBEAT_MS;
        break;
      case 'messages':
        lateMs += fault.delayMs + HEARTBEAT_MS;
        break;
    }
  }
  return lateMs;
}

/** How long a worker may hold on to what is no longer so: until its next check, as many more as it takes, and their timeouts. */
function confusionOf({ faults }: Plan): number {
  const { intervalMs, timeoutMs, fall, rise } = TIMING;
  let confusedMs = intervalMs * 1.02 + Math.max(fall, rise) * (timeoutMs + intervalMs / 4);
  // What a worker sees while it is held up, it does not believe.
  for (const { kind, beginMs, endMs } of faults)
    if (kind === 'stall' || kind === 'stutter') confusedMs += endMs - beginMs + HEARTBEAT_MS;
  // Targets that change all the time keep a worker from making up its mind.
  for (const { kind, beginMs, endMs } of faults) if (kind === 'flapping') confusedMs += endMs - beginMs;
  return confusedMs;
}

/** Faults of which each alone must not lose a commit. */
function countCommitFaults({ faults, apiNodes }: Plan): number {
  return faults.filter((fault) => {
    if (fault.kind.startsWith('redis') || fault.kind === 'messages') return true;
    return 'processes' in fault && fault.processes.some((process) => apiNodes.includes(process));
  }).length;
}

// A whole system in one thread and one queue of events: workers, nodes that answer, nodes that commit, one store, and what goes
// wrong. The processes run the real code; everything around them is simulated and drawn from the seed.

import { type Logger, pino } from 'pino';
import { slotKey } from '../../src/health/merge-slots.ts';
import type { SlotVersion } from '../../src/health/slot.ts';
import type { Clock } from '../../src/model/clock.ts';
import { formatRevisionId, type Revision, type RevisionId } from '../../src/model/revision.ts';
import { ProbeWorker } from '../../src/probe/worker.ts';
import { type Acceptance, ConfigurationFollower } from '../../src/roles/configuration-follower.ts';
import { openConfigurationWriter, type RunningWriter } from '../../src/roles/configuration-writer.ts';
import { HealthView } from '../../src/roles/health-view.ts';
import { refuseOlder } from '../../src/roles/refuse-older.ts';
import { followSlotTable } from '../../src/store/follow-slots.ts';
import { SimulatedDisk } from './disk.ts';
import { documentOf, FIRST_REVISION, type Meaning, numberOf, READING, readMeaning } from './documents.ts';
import { EventQueue } from './event-queue.ts';
import { StoreNetwork } from './network.ts';
import { HEARTBEAT_MS, Oracle, type ServingNode } from './oracle.ts';
import type { Plan } from './plan.ts';
import { SimulatedProcess } from './process.ts';
import { createRandom, type Random } from './random.ts';
import { openStoreClient } from './store-client.ts';
import { Targets } from './targets.ts';

export type Trace = (process: string, what: string) => void;

/** A process with what it runs. `start` begins another life. */
export type Member = {
  readonly process: SimulatedProcess;
  readonly disk: SimulatedDisk;
  readonly start: () => void;
  /** A worker that leaves in order. */
  readonly leave?: () => Promise<void>;
  /** The revision that it goes by. */
  readonly revision: () => RevisionId | undefined;
};

const SILENT = pino({ level: 'silent' });
const IGNORE = () => undefined;

export class World {
  readonly queue = new EventQueue();
  readonly network: StoreNetwork;
  readonly targets: Targets;
  readonly oracle: Oracle;
  readonly members = new Map<string, Member>();
  readonly #random: Random;
  readonly #serving = new Map<string, ServingNode | undefined>();
  readonly #writers = new Map<string, RunningWriter>();
  readonly #trace: Trace;
  #nextNumber = 1;

  constructor(plan: Plan, trace: Trace = IGNORE) {
    this.#trace = trace;
    this.#random = createRandom(plan.seed, 2);
    this.targets = new Targets(this.queue, createRandom(plan.seed, 4));
    this.oracle = new Oracle(plan, this.queue, this.targets);
    const { oracle } = this;
    this.network = new StoreNetwork(this.queue, createRandom(plan.seed, 3), {
      onEpoch: (id, epoch) => oracle.noteEpoch(id, epoch),
      onStored: (slot) => oracle.checkStored(slot),
      onLost: () => oracle.noteStoreLost(),
    });
    if (plan.isFirstKnown) this.network.redis.commit(FIRST_REVISION.manifest, FIRST_REVISION.objects);
    for (const { vantage, name } of plan.workers) this.#addWorker(name, vantage);
    for (const name of plan.dnsNodes) this.#addDnsNode(name);
    for (const name of plan.apiNodes) this.#addApiNode(name);
  }

  trace(process: string, what: string): void {
    if (this.#trace !== IGNORE) this.#trace(process, `${this.queue.nowMs.toFixed(1)} ${what}`);
  }

  /** What a node answers by; undefined while it answers nothing. */
  servingOf(name: string): ServingNode | undefined {
    return this.#serving.get(name);
  }

  /** An operator reads the configuration at a node and wants the next one in its place. */
  async wish(name: string): Promise<void> {
    const writer = this.#writers.get(name);
    if (writer === undefined) return;
    const number = this.#nextNumber++;
    const current = await writer.read().catch(IGNORE);
    if (current === undefined || current.stale) return;
    this.oracle.noteAttempt(number, numberOf(current.document));
    const words = { expected: current.id, author: 'operator', message: `change ${number}` };
    const outcome = await writer.commit({ ...words, document: documentOf(number) });
    this.trace(name, `change ${number} on ${formatRevisionId(current.id)}: ${outcome.status}`);
    if (outcome.status === 'committed') this.oracle.noteAcknowledged(number);
  }

  #addWorker(name: string, vantage: string): void {
    const process = new SimulatedProcess(name, this.queue);
    const disk = new SimulatedDisk(this.#random);
    const seen = new Map<string, SlotVersion>();
    let worker: ProbeWorker | undefined;
    let follower: ConfigurationFollower | undefined;
    const start = () => {
      process.begin();
      seen.clear();
      const client = openStoreClient(process, this.network);
      const health: typeof client.health = {
        ...client.health,
        writeSlot: (slot, delta) => {
          this.oracle.noteWords(slot);
          return client.health.writeSlot(slot, delta);
        },
      };
      const begun = new ProbeWorker(
        { vantage, worker: name.slice(name.indexOf('/') + 1), heartbeatMs: HEARTBEAT_MS, concurrency: 16 },
        {
          health,
          followSlots: (onChange) =>
            followSlotTable(client.health, { onError: IGNORE }, (change) => {
              for (const slot of change.advanced) {
                this.oracle.checkSlotAdvances(name, seen.get(slotKey(slot)), slot);
                seen.set(slotKey(slot), slot);
              }
              onChange(change);
            }),
          clock: process.clock,
          random: () => this.#random.next(),
          logger: this.#loggerOf(name),
          runCheck: (target) => this.targets.check(process, vantage, target),
        },
      );
      const offer = async (revision: Revision): Promise<Acceptance> => {
        const { targets, configuration } = readMeaning(revision);
        begun.setTargets(targets, configuration.vantages);
        return { accepted: true };
      };
      worker = begun;
      begun.start();
      follower = this.#follow(process, disk, client.configuration, offer);
    };
    const leave = async () => {
      const { life } = process;
      await worker?.stop();
      if (process.life === life) process.end();
    };
    this.members.set(name, { process, disk, start, leave, revision: () => follower?.current?.manifest.id });
  }

  #addDnsNode(name: string): void {
    const process = new SimulatedProcess(name, this.queue);
    const disk = new SimulatedDisk(this.#random);
    const start = () => {
      process.begin();
      this.oracle.forgetTurns(name);
      this.oracle.noteEnd(name);
      this.#serving.set(name, undefined);
      const client = openStoreClient(process, this.network);
      let served: { readonly id: RevisionId; readonly meaning: Meaning } | undefined;
      const note = () => {
        if (served === undefined || view.judgement === undefined) return;
        const node = { name, ...served, judgement: view.judgement, verdicts: view.verdicts };
        this.#serving.set(name, node);
        this.#traceVerdicts(node);
        this.oracle.checkNode(node);
      };
      const dependencies = {
        health: client.health,
        logger: this.#loggerOf(name),
        clock: process.clock,
        onChange: note,
      };
      const view = new HealthView({ heartbeatMs: HEARTBEAT_MS }, dependencies);
      // As roles/control.ts: read, compile, ask once more whether it is newer, swap.
      const offer = async (revision: Revision): Promise<Acceptance> => {
        const meaning = readMeaning(revision);
        await pause(process.clock, this.#random.between(5, 120));
        const older = refuseOlder(revision.manifest.id, served?.id);
        if (older !== undefined) return { accepted: false, reasons: [older] };
        this.oracle.checkServes(name, served?.id, revision);
        this.trace(name, `serves ${formatRevisionId(revision.manifest.id)}, which is change ${meaning.number}`);
        served = { id: revision.manifest.id, meaning };
        view.setConfiguration(meaning.configuration);
        return { accepted: true };
      };
      view.start();
      this.#follow(process, disk, client.configuration, offer);
    };
    this.members.set(name, { process, disk, start, revision: () => this.#serving.get(name)?.id });
  }

  #addApiNode(name: string): void {
    const process = new SimulatedProcess(name, this.queue);
    const disk = new SimulatedDisk(this.#random);
    let seen: RevisionId | undefined;
    const start = () => {
      process.begin();
      this.#writers.delete(name);
      seen = undefined;
      const { life } = process;
      const { configuration } = openStoreClient(process, this.network);
      const options = { stateDirectory: '', resolveLocation: IGNORE, allowNetworks: [], initial: documentOf(0) };
      const store = { ...configuration, listManifests: async () => [] };
      const writing = disk.open(process);
      const open = async () => {
        const opened = await openConfigurationWriter(options, {
          store,
          logger: this.#loggerOf(name),
          nowMs: () => process.clock.wallMs(),
          clock: process.clock,
          reading: READING,
          disk: {
            async read() {
              const read = await writing.read();
              if (read.status === 'read') seen = read.value.manifest.id;
              return read;
            },
            write: (revision) => {
              seen = revision.manifest.id;
              return writing.write(revision);
            },
          },
          keepLost: async () => 'nowhere: there are no files here',
        });
        if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
        if (process.life === life) this.#writers.set(name, opened.value);
      };
      void open();
    };
    this.members.set(name, { process, disk, start, revision: () => seen });
  }

  #follow(
    process: SimulatedProcess,
    disk: SimulatedDisk,
    store: ReturnType<typeof openStoreClient>['configuration'],
    offer: (revision: Revision) => Promise<Acceptance>,
  ): ConfigurationFollower {
    const { clock } = process;
    const follower = new ConfigurationFollower({
      store,
      disk: disk.open(process),
      logger: this.#loggerOf(process.name),
      offer,
      clock,
    });
    void follower.start();
    return follower;
  }

  /** What a process logs is part of the trace. */
  #loggerOf(name: string): Logger {
    if (this.#trace === IGNORE) return SILENT;
    return pino({ base: null, timestamp: false }, { write: (line) => this.trace(name, `logs ${line.trim()}`) });
  }

  #traceVerdicts({ name, verdicts, judgement }: ServingNode): void {
    if (this.#trace === IGNORE) return;
    const said = [...verdicts.values()].map(({ target, verdict, votes }) => {
      const words = votes.map(({ vantage, vote, fresh }) => `${vantage} ${vote}${fresh ? '' : ' (stale)'}`);
      return `${target} ${verdict} [${words.join(', ')}]`;
    });
    this.trace(name, `${judgement.endpointClass.join('')} ${said.join('; ')}`);
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(ms, resolve);
  });
}

// What the API shows of a node: its control side, in the shapes that the API asks for.

import { randomBytes } from 'node:crypto';
import { explain } from '../answer/explain.ts';
import type { ClusterState, ClusterView, ExplainQuery, WorkerSighting } from '../api/ports.ts';
import { findAbstention } from '../health/abstention.ts';
import type { SlotId } from '../health/slot.ts';
import { type Address, type Prefix, parseAddress, parsePrefix } from '../model/address.ts';
import { parseNameText } from '../wire/name.ts';
import { parseRecordType } from '../wire/record-types.ts';
import type { Control } from './control.ts';
import type { HealthView } from './health-view.ts';
import { readinessOf } from './readiness.ts';

const LOOPBACK: Address = { family: 4, words: [0x7f000001] };
const NO_DATABASE = { name: 'none', attribution: '' };

export function createClusterView(control: Control): ClusterView {
  return {
    current: () => currentState(control),
    explain: (query) => explainQuery(control, query),
    readiness: () => readinessOf(control),
  };
}

function currentState(control: Control): ClusterState | undefined {
  const { serving, health, load, database } = control;
  const { judgement } = health;
  if (serving === undefined || judgement === undefined) return undefined;
  const nowMs = Date.now();
  return {
    revision: serving.revision.manifest.id,
    configuration: serving.configuration,
    judgement,
    verdicts: health.verdicts,
    vantages: health.listWorkers().map(({ silentMs, ...presence }) => {
      return {
        ...presence,
        lastSeenMs: silentMs === undefined ? 0 : nowMs - silentMs,
        ...hearWorker(health, presence),
      };
    }),
    refused: health.admission.listStrangers(),
    aside: health.aside,
    frozenCount: health.frozenCount,
    isFrozen: health.isFrozen,
    loads: load.listReports().map(({ report, ageMs }) => ({ ...report, ageMs })),
    database: database?.database ?? NO_DATABASE,
    isNewestRefused: control.follower.refused !== undefined,
  };
}

function hearWorker(health: HealthView, id: SlotId): Pick<WorkerSighting, 'publicKey' | 'abstention'> {
  const { seal, votes = [] } = health.findSlot(id) ?? {};
  const abstention = findAbstention(votes);
  return { ...(seal !== undefined && { publicKey: seal.publicKey }), ...(abstention !== undefined && { abstention }) };
}

function explainQuery({ serving, database }: Control, { name, type, client }: ExplainQuery) {
  const wireName = parseNameText(name.endsWith('.') ? name : `${name}.`);
  const typeNumber = parseRecordType(type);
  const placeMap = database?.placeMap;
  if (serving === undefined || placeMap === undefined) return undefined;
  if (!(wireName instanceof Uint8Array) || typeNumber === undefined) return undefined;
  const subnet = client === undefined ? undefined : readClient(client);
  return explain(
    { snapshot: serving.snapshot, state: serving.state, placeMap, rankings: serving.rankings },
    {
      name: wireName,
      type: typeNumber,
      source: LOOPBACK,
      seed: randomBytes(4).readInt32LE(),
      ...(subnet === undefined ? {} : { subnet }),
    },
  );
}

/** An address stands for the prefix of its whole length. */
function readClient(text: string): Prefix | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return { ...address, length: address.family === 4 ? 32 : 128 };
  return parsePrefix(text);
}

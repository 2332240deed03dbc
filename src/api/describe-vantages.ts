// The vantages of the configuration, each with its workers: who is alive, who signs, who abstains; and with those that say
// that they are from there, and are refused.

import type { Abstention } from '../health/abstention.ts';
import type { Stranger } from '../health/admission.ts';
import type { ClusterState, WorkerSighting } from './ports.ts';
import { formatMoment } from './route-schema.ts';

export function describeVantages({ configuration, vantages, refused, aside }: ClusterState) {
  return configuration.vantages.map(({ id, group, workers }) => ({
    id,
    ...(group !== undefined && { group }),
    aside: aside.has(id),
    admits: workers === undefined ? ('anybody' as const) : ('listed' as const),
    workers: vantages.filter(({ vantage }) => vantage === id).map(describeWorker),
    refused: refused.filter(({ vantage }) => vantage === id).map(describeRefused),
  }));
}

function describeWorker({ worker, alive, lastSeenMs, publicKey, abstention, epochRises }: WorkerSighting) {
  return {
    worker,
    alive,
    ...(lastSeenMs !== undefined && lastSeenMs > 0 && { lastSeen: formatMoment(lastSeenMs) }),
    signed: publicKey !== undefined,
    ...(publicKey !== undefined && { publicKey }),
    ...(abstention !== undefined && { abstention: describeAbstention(abstention) }),
    ...(epochRises > 0 && { epochRises }),
  };
}

function describeAbstention({ votes, abstained, reasons }: Abstention) {
  return { all: abstained === votes, votes, abstained, reasons: [...reasons] };
}

function describeRefused({ worker, problem, publicKey, atMs }: Stranger) {
  return { worker, problem, ...(publicKey !== undefined && { publicKey }), lastSeen: formatMoment(atMs) };
}

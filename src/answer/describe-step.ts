// A trace step in one sentence, for people.

import { ENDPOINT_DRAINING, ENDPOINT_UP } from '../health/cluster-health.ts';
import { FAMILY_A, type Snapshot } from '../snapshot/snapshot.ts';
import type { TraceStep } from './trace.ts';

export function describeStep(snapshot: Snapshot, step: TraceStep): string {
  const cluster = (index: number) => `${snapshot.clusters.ids[index]} (${snapshot.clusters.regions[index]})`;
  switch (step.step) {
    case 'zone':
      return `The name belongs to zone ${snapshot.zones.names[step.zone]}.`;
    case 'outside':
      return 'The name is in none of the zones here: the query is refused.';
    case 'withheld':
      return 'The zone is copied from primaries that were not reached yet, or not for too long: nobody is told what it holds.';
    case 'delegation':
      return 'The name is delegated to other name servers: the answer refers to them.';
    case 'wildcard':
      return 'There is no such name: the wildcard above it stands in.';
    case 'records':
      return 'It is not steered: its records are the answer.';
    case 'alias':
      return 'It is an alias: its target is looked up next.';
    case 'no-records':
      return 'The name exists and has nothing of this type: the answer is empty.';
    case 'no-name':
      return 'There is no such name in the zone.';
    case 'service':
      return `It is answered by service ${snapshot.services.ids[step.service]}.`;
    case 'client':
      return step.from === 'subnet'
        ? `The client subnet of the query says where the client is; the answer holds for its /${step.scope}.`
        : 'The query names no client subnet: the address that it came from says where the client is.';
    case 'pass':
      return describePass(step.pass, step.lowest);
    case 'skip':
      return step.because === 'family'
        ? `${cluster(step.cluster)} has no endpoint that could answer this type.`
        : `${cluster(step.cluster)} is passed over: too few of its endpoints may be used.`;
    case 'consider':
      return `${cluster(step.cluster)} can serve: weight ${step.weight}, room ${Math.round(step.room * 100)} %.`;
    case 'shed':
      return 'These clusters are passed over this time: their load leaves too little room.';
    case 'choose':
      return `Endpoint ${snapshot.endpoints.ids[step.endpoint]} is answered.`;
    case 'hints':
      return `Its records hint at ${step.family === FAMILY_A ? 'IPv4' : 'IPv6'} addresses as this client would get them:`;
    case 'no-hints':
      return 'None of these is up: the records hint at none of them.';
    case 'refused':
      return 'Nothing may be answered: the query is refused, so that the resolver asks elsewhere.';
    case 'no-data':
      return 'No cluster that this client may be sent to has an endpoint of this type.';
  }
}

function describePass(pass: number, lowest: number): string {
  if (lowest === ENDPOINT_UP) return 'Nowhere is enough up. As a last resort, the few that are up may be answered.';
  if (lowest === ENDPOINT_DRAINING) return 'Nothing is up. As a last resort, what is draining may be answered.';
  if (lowest < ENDPOINT_DRAINING) return 'As a last resort, what counts as down may be answered too.';
  return PASS_TEXTS[pass] ?? '';
}

/** While endpoints that are up are looked for. */
const PASS_TEXTS = [
  'Clusters that are up are gone through, best first, those under load in proportion to their room.',
  'The load of all of them is high: the first one with any room is taken.',
  'None of them has room: load no longer counts.',
] as const;

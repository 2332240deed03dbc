// Canaries: before a snapshot is served it must answer itself: the SOA of every zone, the addresses of every service. What
// compiles and yet cannot answer would otherwise be found by clients.

import type { Sign } from '../dnssec/zone-keys.ts';
import { FAMILY_A, FAMILY_AAAA, NONE, type Snapshot } from '../snapshot/snapshot.ts';
import { createState } from '../snapshot/state.ts';
import { composeQuery } from '../wire/compose-query.ts';
import { parseNameText } from '../wire/name.ts';
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SOA } from '../wire/record-types.ts';
import { answerQuery, TCP } from './answer-query.ts';
import { PLAIN_CONDUCT } from './conduct.ts';
import { REASON_NO_DATA } from './decision.ts';
import { createDesk } from './desk.ts';

const MAX_MESSAGE_BYTES = 65535;

/** What went wrong, a sentence each; empty when the snapshot answers for all that it holds. */
export function askCanaries(snapshot: Snapshot, sign?: Sign): string[] {
  const desk = createDesk(snapshot, createState(snapshot), 0, 0, PLAIN_CONDUCT, sign);
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  const faults: string[] = [];
  const ask = (name: string, type: number, what: string, mustBeSigned: boolean) => {
    const wire = parseNameText(`${name}.`);
    if (!(wire instanceof Uint8Array)) return faults.push(`${what} has no valid name`);
    const query = composeQuery({ id: 1, name: wire, type, dnssecOk: sign !== undefined });
    const length = answerQuery(desk, query, 0, query.length, out, 0, out.length, TCP);
    const rcode = (out[3] ?? 0) & 15;
    const answers = ((out[6] ?? 0) << 8) | (out[7] ?? 0);
    // A fence may leave whoever has no location without this type: that is an answer too.
    const isEmpty = answers === 0 && desk.decision.reason !== REASON_NO_DATA;
    if (length === 0 || rcode !== 0 || isEmpty) faults.push(`${what} does not answer (rcode ${rcode})`);
    else if (mustBeSigned && !isEmpty && answers < 2) faults.push(`${what} has no signature`);
    return undefined;
  };
  const isSigned = (zone: number) => sign !== undefined && snapshot.zones.images[zone]?.signing !== undefined;
  for (const [index, zone] of snapshot.zones.names.entries()) {
    // Of a zone of which there is no copy that may be used, nothing is to be had.
    if (snapshot.zones.images[index]?.isWithheld === true) continue;
    ask(zone, TYPE_SOA, `the SOA of zone ${zone}`, isSigned(index));
  }
  for (const [service, id] of snapshot.services.ids.entries()) {
    const families = snapshot.services.families[service] ?? 0;
    const type = families & FAMILY_A ? TYPE_A : families & FAMILY_AAAA ? TYPE_AAAA : TYPE_CNAME;
    ask(id, type, `service ${id}`, isSigned(snapshot.services.zones[service] ?? NONE));
  }
  return faults;
}

// Queries for a whole zone (AXFR, RFC 5936) and for what changed in it (IXFR, RFC 1995): who may have it, and what is sent.
// What takes several messages is put on the desk as a transfer, which the stream that asked carries out.

import { NONE } from '../snapshot/snapshot.ts';
import { startTransfer } from '../transfer/compose-transfer.ts';
import { mayTransfer } from '../transfer/may-transfer.ts';
import { isNewerSerial } from '../transfer/serial.ts';
import { recordsOfZone, viewZone, type ZoneView } from '../transfer/zone-records.ts';
import { formatName } from '../wire/name.ts';
import { RCODE_NOERROR, RCODE_NOTAUTH, RCODE_REFUSED, RCODE_SERVFAIL, TYPE_IXFR } from '../wire/record-types.ts';
import { QUESTION_OFFSET } from '../wire/response.ts';
import { writeRrset } from './answer-zone.ts';
import { countTransfer, TRANSFER_OUTCOMES } from './counters.ts';
import type { Desk } from './desk.ts';

/** Of one thread at once: each holds on to a snapshot, and to what its peer has not taken yet. */
export const MAX_TRANSFERS = 16;

/** Answers AXFR and IXFR; returns the rcode. `isStream`: whether the answer may have several messages. */
export function answerTransfer(desk: Desk, isStream: boolean): number {
  const { query, found, snapshot, client, signer } = desk;
  // RFC 5936 section 2.2.1: NOTAUTH where "the server is not authoritative for the queried zone".
  if (found.zone === NONE || found.image.name.length !== query.name.length) return RCODE_NOTAUTH;
  const key = signer === undefined ? undefined : formatName(signer.key.name);
  const isIncremental = query.type === TYPE_IXFR;
  if (!mayTransfer(snapshot.zones.transfers[found.zone], client, key) || (!isStream && !isIncremental)) {
    count(desk, 'refused');
    return RCODE_REFUSED;
  }
  desk.authoritative = true;
  const view = viewZone(snapshot, found.zone);
  // RFC 1995 section 2: to whoever has this version or a newer one, and to all that does not fit into a datagram, "a single
  // SOA record of the server's current version".
  if (isIncremental && (!isStream || !isNewerSerial(snapshot.serial, query.heldSerial))) {
    writeRrset(desk, found.image.soaRrset, 'answers', QUESTION_OFFSET);
    count(desk, 'soa');
    return RCODE_NOERROR;
  }
  if (view === undefined || desk.transfersUnderWay >= MAX_TRANSFERS) {
    count(desk, 'overload');
    return RCODE_SERVFAIL;
  }
  count(desk, 'axfr');
  begin(desk, view);
  return RCODE_NOERROR;
}

function begin(desk: Desk, view: ZoneView): void {
  const { query, signer, signing } = desk;
  let isOpen = true;
  desk.transfersUnderWay++;
  desk.transfer = startTransfer({
    id: query.id,
    question: new Uint8Array(query.bytes.subarray(query.start + QUESTION_OFFSET, query.questionEnd)),
    recursionDesired: query.recursionDesired,
    hasEdns: query.hasEdns,
    records: recordsOfZone(view),
    signer,
    nowSeconds: signing.nowSeconds,
    onClose: () => {
      if (isOpen) desk.transfersUnderWay--;
      isOpen = false;
    },
  });
}

function count({ counters }: Desk, outcome: (typeof TRANSFER_OUTCOMES)[number]): void {
  countTransfer(counters, TRANSFER_OUTCOMES.indexOf(outcome));
}

// Queries for a whole zone (AXFR, RFC 5936) and for what changed in it (IXFR, RFC 1995): who may have it, and what is sent.
// What takes several messages is put on the desk as a transfer, which the stream that asked carries out.

import type { Sign } from '../dnssec/zone-keys.ts';
import { NONE } from '../snapshot/snapshot.ts';
import { APEX_NODE } from '../snapshot/zone-image.ts';
import { startTransfer } from '../transfer/compose-transfer.ts';
import { recordsOfChanges } from '../transfer/incremental.ts';
import { findChanges, findOwnChanges, type JournalEntry } from '../transfer/journal.ts';
import { mayTransfer } from '../transfer/may-transfer.ts';
import { isNewerSerial } from '../transfer/serial.ts';
import type { TransferRecord } from '../transfer/transfer-set.ts';
import { recordsOfZone, serialOf, viewZone, type ZoneView } from '../transfer/zone-records.ts';
import { INVALID_DATA, NOT_AUTHORITATIVE, PROHIBITED } from '../wire/extended-error.ts';
import { formatName } from '../wire/name.ts';
import { RCODE_NOERROR, RCODE_NOTAUTH, RCODE_REFUSED, RCODE_SERVFAIL, TYPE_IXFR } from '../wire/record-types.ts';
import { QUESTION_OFFSET } from '../wire/response.ts';
import { noteExtendedError } from '../wire/response-options.ts';
import { writeRrset } from './answer-zone.ts';
import { prefixOf } from './client-prefix.ts';
import { countTransfer, TRANSFER_OUTCOMES } from './counters.ts';
import type { Desk } from './desk.ts';

/** Of one thread at once: each holds on to a snapshot, and to what its peer has not taken yet. */
export const MAX_TRANSFERS = 16;
/** Of one client: whoever takes theirs slowly leaves as many to all others. */
export const MAX_TRANSFERS_PER_CLIENT = 8;

/** Answers AXFR and IXFR; returns the rcode. `isStream`: whether the answer may have several messages. */
export function answerTransfer(desk: Desk, isStream: boolean): number {
  const { query, response, found, snapshot, client, tsigSigner } = desk;
  // RFC 5936 section 2.2.1: NOTAUTH where the server is not authoritative for the zone that is asked for.
  if (found.zone === NONE || found.image.name.length !== query.name.length) {
    noteExtendedError(response, NOT_AUTHORITATIVE);
    return RCODE_NOTAUTH;
  }
  const key = tsigSigner === undefined ? undefined : formatName(tsigSigner.key.name);
  const isIncremental = query.type === TYPE_IXFR;
  if (!mayTransfer(snapshot.zones.transfers[found.zone], client, key) || (!isStream && !isIncremental)) {
    count(desk, 'refused');
    noteExtendedError(response, PROHIBITED);
    return RCODE_REFUSED;
  }
  desk.authoritative = true;
  const counting = countSignatures(desk.signer.sign);
  const view = viewZone(snapshot, found.zone, counting.sign);
  if (view === undefined || view.image.isWithheld) {
    count(desk, 'withheld');
    noteExtendedError(response, INVALID_DATA);
    return RCODE_SERVFAIL;
  }
  // RFC 1995 section 2: to whoever has this version or a newer one, and to all that does not fit into a datagram, "a single
  // SOA record of the server's current version".
  if (isIncremental && (!isStream || !isNewerSerial(serialOf(view), query.heldSerial))) {
    writeRrset(desk, APEX_NODE, found.image.soaRrset, 'answers', QUESTION_OFFSET);
    count(desk, 'soa');
    return RCODE_NOERROR;
  }
  if (isBusy(desk)) {
    count(desk, 'overload');
    return RCODE_SERVFAIL;
  }
  const changes = isIncremental ? findWorthwhile(desk, view) : undefined;
  count(desk, changes === undefined ? 'axfr' : 'ixfr');
  begin(
    desk,
    changes === undefined ? recordsOfZone(view) : recordsOfChanges(view, desk.journal, changes, query.heldSerial),
    counting.countMade,
  );
  return RCODE_NOERROR;
}

/**
 * The changes since the serial that whoever asks has; undefined where they are not known, or say more than the zone itself
 * does: RFC 1995 section 4 lets the whole zone be sent then.
 */
function findWorthwhile({ journal, query, snapshot }: Desk, view: ZoneView): readonly JournalEntry[] | undefined {
  const { zone, image } = view;
  // Signatures of the serial are made anew each time: what a secondary holds of them could not be named to be deleted.
  if (image.signing !== undefined && !image.hasOwnSerial) return undefined;
  const name = snapshot.zones.names[zone] ?? '';
  const find = image.hasOwnSerial ? findOwnChanges : findChanges;
  const changes = find(journal, name, query.heldSerial, serialOf(view));
  const bytes = changes?.reduce((sum, { deletions, additions }) => sum + deletions.length + additions.length, 0);
  return bytes !== undefined && bytes > image.bytes.length ? undefined : changes;
}

function isBusy({ transferClients, client }: Desk): boolean {
  const prefix = prefixOf(client);
  const own = transferClients.filter((other) => other === prefix).length;
  return transferClients.length >= MAX_TRANSFERS || own >= MAX_TRANSFERS_PER_CLIENT;
}

function countSignatures(sign: Sign): { readonly sign: Sign; readonly countMade: () => number } {
  let made = 0;
  return {
    sign: (key, data) => {
      made++;
      return sign(key, data);
    },
    countMade: () => made,
  };
}

function begin(desk: Desk, records: Iterator<TransferRecord>, countSignatures: () => number): void {
  const { query, tsigSigner, tsig, transferClients, client } = desk;
  const prefix = prefixOf(client);
  let isOpen = true;
  transferClients.push(prefix);
  desk.transfer = startTransfer({
    id: query.id,
    question: new Uint8Array(query.bytes.subarray(query.start + QUESTION_OFFSET, query.questionEnd)),
    recursionDesired: query.recursionDesired,
    hasEdns: query.hasEdns,
    records,
    signer: tsigSigner,
    nowSeconds: tsig.nowSeconds,
    steadySeconds: tsig.steadySeconds,
    countSignatures,
    onClose: () => {
      if (isOpen) transferClients.splice(transferClients.indexOf(prefix), 1);
      isOpen = false;
    },
  });
}

function count({ counters }: Desk, outcome: (typeof TRANSFER_OUTCOMES)[number]): void {
  countTransfer(counters, TRANSFER_OUTCOMES.indexOf(outcome));
}

// Takes the messages of a transfer one by one, as a secondary (RFC 5936 sections 2.2 and 3, RFC 1995 section 4), and says
// when all of it is there. What came is given at its end only: a transfer that breaks off is none.
//
//   AXFR   SOA₉ | records … | SOA₉
//   IXFR   SOA₉                                   nothing newer, where 9 is held
//          SOA₉ | records … | SOA₉                as AXFR
//          SOA₉ | SOA₇ deletions … SOA₈ additions … | SOA₈ deletions … SOA₉ additions … | SOA₉      where 7 is held
//
// Nothing here knows what the zone was before: whether deletions fit it is for whoever applies them.

import type { DecodedMessage, DecodedRecord } from '../wire/decode-message.ts';
import { lowerCaseName } from '../wire/name.ts';
import { TYPE_AXFR, TYPE_IXFR, TYPE_SOA } from '../wire/record-types.ts';
import { isSameName } from '../wire/tsig.ts';
import { checkRecord, checkResponse, isSameSoa } from './check-response.ts';
import type { Received, ReceivedChange, ReceivedRecord, ReceiveLimits, ReceiveStep } from './received.ts';
import { RECEIVE_LIMITS } from './received.ts';
import { isNewerSerial, serialOfSoa } from './serial.ts';

/** `heldSerial`: what an IXFR query names; undefined: the query was AXFR. */
export type TransferQuery = {
  readonly id: number;
  readonly zone: Uint8Array;
  readonly heldSerial: number | undefined;
};

type Change = {
  readonly fromSerial: number;
  soaAfter: ReceivedRecord | undefined;
  readonly deletions: ReceivedRecord[];
  readonly additions: ReceivedRecord[];
};

export type Receiver = {
  readonly query: TransferQuery;
  readonly limits: ReceiveLimits;
  /** `opened`: behind the first SOA, where an IXFR may still be either. */
  phase: 'opening' | 'opened' | 'whole' | 'deleting' | 'adding' | 'ended';
  messages: number;
  recordCount: number;
  octets: number;
  /** Of the record before: one for all records of a name. */
  owner: Uint8Array;
  /** Of a whole zone, or the first SOA alone. */
  readonly records: ReceivedRecord[];
  readonly changes: ReceivedChange[];
  change: Change;
};

export function createReceiver(query: TransferQuery, limits: ReceiveLimits = RECEIVE_LIMITS): Receiver {
  const counts = { messages: 0, recordCount: 0, octets: 0 };
  const change = beginChange(query.heldSerial ?? 0);
  return { query, limits, phase: 'opening', ...counts, owner: query.zone, records: [], changes: [], change };
}

/** Takes the next message. Behind `done` and `failed` there is none. */
export function receiveMessage(receiver: Receiver, message: DecodedMessage): ReceiveStep {
  const step = takeMessage(receiver, message);
  if (step.status !== 'more') receiver.phase = 'ended';
  return step;
}

function takeMessage(receiver: Receiver, message: DecodedMessage): ReceiveStep {
  if (receiver.phase === 'ended') return fail('the primary sends more behind the end of the transfer');
  const { id, zone, heldSerial } = receiver.query;
  const isFirst = receiver.messages++ === 0;
  const type = heldSerial === undefined ? TYPE_AXFR : TYPE_IXFR;
  const wrong = checkResponse(message, { id, zone, type }, isFirst);
  if (wrong !== undefined) return fail(wrong);
  if (receiver.messages > receiver.limits.messages) {
    return fail(`the transfer has more than ${receiver.limits.messages} messages`);
  }
  const { answers } = message;
  if (isFirst && answers.length === 0) return fail('the primary answers without a record');
  for (const [index, record] of answers.entries()) {
    const step = takeRecord(receiver, record);
    if (step.status === 'more') continue;
    const isLast = index === answers.length - 1;
    return step.status === 'done' && !isLast ? fail('the primary sends more behind the end of the transfer') : step;
  }
  return MORE;
}

const MORE: ReceiveStep = { status: 'more' };

function takeRecord(receiver: Receiver, decoded: DecodedRecord): ReceiveStep {
  const wrong = checkRecord(decoded, receiver.query.zone);
  if (wrong !== undefined) return fail(wrong);
  const record = keepRecord(receiver, decoded);
  const { limits, recordCount, octets } = receiver;
  if (recordCount > limits.records) return fail(`the transfer has more than ${limits.records} records`);
  if (octets > limits.octets) return fail(`the transfer has more than ${limits.octets} octets of records`);
  return record.type === TYPE_SOA ? takeSoa(receiver, record) : takeOther(receiver, record);
}

function keepRecord(receiver: Receiver, { name, type, ttlSeconds, data }: DecodedRecord): ReceivedRecord {
  const owner = lowerCaseName(name);
  if (!isSameName(owner, receiver.owner)) {
    receiver.owner = owner;
    receiver.octets += owner.length;
  }
  receiver.recordCount++;
  receiver.octets += data.length;
  return { owner: receiver.owner, type, ttlSeconds, data };
}

function takeOther(receiver: Receiver, record: ReceivedRecord): ReceiveStep {
  const { phase, change, records } = receiver;
  if (phase === 'opening') return fail('the transfer does not begin with the SOA of the zone');
  if (phase === 'deleting') change.deletions.push(record);
  else if (phase === 'adding') change.additions.push(record);
  else {
    receiver.phase = 'whole';
    records.push(record);
  }
  return MORE;
}

function takeSoa(receiver: Receiver, soa: ReceivedRecord): ReceiveStep {
  const serial = serialOfSoa(soa.data);
  const [opening] = receiver.records;
  if (opening === undefined) return open(receiver, soa, serial);
  switch (receiver.phase) {
    case 'opened':
      return serial === receiver.query.heldSerial
        ? beginDeletions(receiver, serial)
        : closeWhole(receiver, opening, soa);
    case 'deleting':
      return beginAdditions(receiver, opening, soa, serial);
    case 'adding':
      return endChange(receiver, opening, soa, serial);
    default:
      return closeWhole(receiver, opening, soa);
  }
}

/** Whoever asks for differences and gets this alone has them all; one that asks for the whole zone is told at its end. */
function open(receiver: Receiver, soa: ReceivedRecord, serial: number): ReceiveStep {
  const { heldSerial } = receiver.query;
  receiver.records.push(soa);
  receiver.phase = 'opened';
  if (heldSerial === undefined || isNewerSerial(serial, heldSerial)) return MORE;
  return done(serial === heldSerial ? { status: 'current' } : { status: 'behind', serial });
}

function closeWhole({ phase, query, records }: Receiver, opening: ReceivedRecord, soa: ReceivedRecord): ReceiveStep {
  const serial = serialOfSoa(opening.data);
  if (isSameSoa(opening.data, soa.data)) return done({ status: 'whole', serial, records });
  const other = serialOfSoa(soa.data);
  return phase === 'opened' && query.heldSerial !== undefined
    ? fail(`the differences begin at the serial ${other} and not at ${query.heldSerial}, which is held`)
    : fail(`the transfer of the serial ${serial} holds another SOA, with the serial ${other}`);
}

function beginDeletions(receiver: Receiver, fromSerial: number): ReceiveStep {
  receiver.change = beginChange(fromSerial);
  receiver.phase = 'deleting';
  return MORE;
}

function beginAdditions(receiver: Receiver, opening: ReceivedRecord, soa: ReceivedRecord, serial: number): ReceiveStep {
  const { change } = receiver;
  if (!isNewerSerial(serial, change.fromSerial)) {
    return fail(`the differences lead from the serial ${change.fromSerial} back to ${serial}`);
  }
  const last = serialOfSoa(opening.data);
  if (isNewerSerial(serial, last)) return fail(`the differences lead to the serial ${serial}, beyond ${last}`);
  change.soaAfter = soa;
  receiver.phase = 'adding';
  return MORE;
}

/** The SOA behind additions is either the last of all, or the first of the next sequence. */
function endChange(receiver: Receiver, opening: ReceivedRecord, soa: ReceivedRecord, serial: number): ReceiveStep {
  const { change, changes } = receiver;
  const { fromSerial, soaAfter = soa, deletions, additions } = change;
  const toSerial = serialOfSoa(soaAfter.data);
  if (serial !== toSerial) return fail(`the differences end at the serial ${toSerial} and go on at ${serial}`);
  changes.push({ fromSerial, toSerial, soaAfter, deletions, additions });
  if (serial !== serialOfSoa(opening.data)) return beginDeletions(receiver, serial);
  const isSame = isSameSoa(opening.data, soa.data) && isSameSoa(opening.data, soaAfter.data);
  return isSame
    ? done({ status: 'changes', serial, changes })
    : fail(`the SOA of the serial ${serial} differs from one place of the transfer to another`);
}

function beginChange(fromSerial: number): Change {
  return { fromSerial, soaAfter: undefined, deletions: [], additions: [] };
}

function done(received: Received): ReceiveStep {
  return { status: 'done', received };
}

function fail(reason: string): ReceiveStep {
  return { status: 'failed', reason };
}

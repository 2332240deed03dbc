// What answers of a primary are held to, one message or one record at a time: that it is an answer to the query, whole, and no
// error (RFC 5936 section 2.2.1, RFC 1035 section 4.1.1); that a record is one of the zone. And what an SOA says.

import type { DecodedMessage, DecodedRecord } from '../wire/decode-message.ts';
import { formatName, isSubdomain, lowerCaseName } from '../wire/name.ts';
import {
  CLASS_IN,
  formatRecordClass,
  formatRecordType,
  formatResponseCode,
  isMetaType,
  RCODE_NOERROR,
  TYPE_SOA,
} from '../wire/record-types.ts';
import { isSameName } from '../wire/tsig.ts';
import { SOA_NUMBER_BYTES, serialOfSoa } from './serial.ts';

/** A query of ours. `zone`: wire form, lower case. */
export type ZoneQuery = { readonly id: number; readonly zone: Uint8Array; readonly type: number };

/** What is wrong with an answer, as a sentence; undefined: nothing. A question may be absent where `isFirst` is false. */
export function checkResponse(message: DecodedMessage, query: ZoneQuery, isFirst: boolean): string | undefined {
  if (message.id !== query.id) return 'the primary answers with another ID than the query has';
  if (!message.isResponse) return 'the primary sends a query where an answer is due';
  if (message.opcode !== 0) return 'the primary answers with another opcode than the query has';
  const { rcode } = message;
  if (rcode !== RCODE_NOERROR) {
    return `the primary answers ${formatResponseCode(rcode)} to a query for ${formatRecordType(query.type)}`;
  }
  if (message.isTruncated) return 'the primary truncates an answer over TCP';
  return isQuestion(message, query, isFirst) ? undefined : 'the primary answers to another question';
}

/**
 * RFC 5936 section 2.2: "The AXFR server MUST copy the Question section from the corresponding AXFR query message into the
 * first response message's Question section. For subsequent messages, it MAY do the same or leave the Question section empty."
 */
function isQuestion({ questions }: DecodedMessage, { zone, type }: ZoneQuery, isFirst: boolean): boolean {
  const [question] = questions;
  if (question === undefined) return !isFirst;
  const isOurs =
    question.type === type && question.class === CLASS_IN && isSameName(lowerCaseName(question.name), zone);
  return isOurs && questions.length === 1;
}

/** The serial that the primary has, or what is wrong with its answer. */
export function readSoaAnswer(message: DecodedMessage, query: ZoneQuery): number | string {
  const wrong = checkResponse(message, query, true);
  if (wrong !== undefined) return wrong;
  // One that has it from a cache, or refers to others, has no zone to give.
  if (!message.isAuthoritative) return `the primary is not authoritative for ${formatName(query.zone)}`;
  const soas = message.answers.filter(({ type }) => type === TYPE_SOA);
  const [soa] = soas;
  if (soa === undefined) return `the primary has no SOA at ${formatName(query.zone)}`;
  const isAtApex = soa.class === CLASS_IN && isSameName(lowerCaseName(soa.name), query.zone);
  if (!isAtApex || soas.length > 1)
    return `the primary answers with another SOA than that of ${formatName(query.zone)}`;
  return serialOfSoa(soa.data);
}

/** What is wrong with a record of a transfer. */
export function checkRecord({ name, type, class: recordClass }: DecodedRecord, zone: Uint8Array): string | undefined {
  const describe = () => `${formatName(name)} ${formatRecordType(type)}`;
  if (recordClass !== CLASS_IN) return `${describe()} is of the class ${formatRecordClass(recordClass)} and not IN`;
  if (!isSubdomain(name, zone)) return `${describe()} lies outside of the zone ${formatName(zone)}`;
  if (isMetaType(type)) return `${describe()} is of a type that no zone holds`;
  if (type === TYPE_SOA && name.length !== zone.length) return `${describe()} is an SOA below the apex`;
  return undefined;
}

/** Names compare without case: compression may have put that of another place into one of the two. */
export function isSameSoa(a: Uint8Array, b: Uint8Array): boolean {
  const namesEnd = a.length - SOA_NUMBER_BYTES;
  const haveSameNames = isSameName(lowerCaseName(a.subarray(0, namesEnd)), lowerCaseName(b.subarray(0, namesEnd)));
  return a.length === b.length && haveSameNames && isSameName(a.subarray(namesEnd), b.subarray(namesEnd));
}

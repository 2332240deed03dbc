// Answers what people ask a server about itself: TXT questions of class CHAOS (RFC 4892 section 2.1). It says only what the
// operator gave it to say.

import { PROHIBITED } from '../wire/extended-error.ts';
import type { FlatName } from '../wire/flat-name.ts';
import { CLASS_CH, RCODE_NOERROR, RCODE_REFUSED, TYPE_ANY, TYPE_TXT } from '../wire/record-types.ts';
import { QUESTION_OFFSET, type Response, writeRecord } from '../wire/response.ts';
import type { Desk } from './desk.ts';

/** Wire form, lower case. */
const ID_NAMES: readonly Uint8Array[] = [flatten('id', 'server'), flatten('hostname', 'bind')];
const VERSION_NAMES: readonly Uint8Array[] = [flatten('version', 'server'), flatten('version', 'bind')];

const NO_TEXT = new Uint8Array(0);

/** Answers `desk.query`, which is of class CHAOS; returns the rcode. */
export function answerChaos(desk: Desk): number {
  const { query, response } = desk;
  const text = findText(desk);
  if (text.length === 0 || (query.type !== TYPE_TXT && query.type !== TYPE_ANY)) {
    response.extendedError = PROHIBITED;
    return RCODE_REFUSED;
  }
  if (writeRecord(response, QUESTION_OFFSET, TYPE_TXT, 0, text, 0, text.length)) {
    putClass(response, text.length);
    response.answers++;
  } else response.truncated = true;
  desk.authoritative = true;
  return RCODE_NOERROR;
}

/** Empty for what is no such name, and where nothing is to be said. */
function findText({ query, conduct }: Desk): Uint8Array {
  if (isOneOf(query.name, ID_NAMES)) return conduct.chaosId;
  return isOneOf(query.name, VERSION_NAMES) ? conduct.chaosVersion : NO_TEXT;
}

/** Between a record's class and its data stand the TTL and a length. */
const CLASS_FROM_DATA = 8;

/** Into the record that was written last: all others are of class IN. */
function putClass({ bytes, at }: Response, dataLength: number): void {
  bytes[at - dataLength - CLASS_FROM_DATA + 1] = CLASS_CH;
}

function isOneOf({ bytes, length }: FlatName, names: readonly Uint8Array[]): boolean {
  for (const name of names) {
    if (name.length !== length) continue;
    let index = 0;
    while (index < length && name[index] === bytes[index]) index++;
    if (index === length) return true;
  }
  return false;
}

function flatten(...labels: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...encoder.encode(label)]), 0]);
}

// Records as a transfer brings them, from presentation form.

import type { ReceivedRecord } from '../../src/transfer/received.ts';
import { lowerCaseName, parseNameText } from '../../src/wire/name.ts';
import { parseRecordData } from '../../src/wire/record-data.ts';
import { parseRecordType } from '../../src/wire/record-types.ts';

/** `owner` in full; names in `data` are relative to `zone` where they have no last dot. */
export function received(zone: string, owner: string, type: string, data: string, ttlSeconds = 300): ReceivedRecord {
  const number = parseRecordType(type);
  const parsed = number === undefined ? undefined : parseRecordData(number, data, wireName(zone));
  if (number === undefined || parsed?.ok !== true) throw new Error(`${type} ${data} cannot be read`);
  return { owner: lowerCaseName(wireName(owner)), type: number, ttlSeconds, data: parsed.bytes };
}

export function wireName(text: string): Uint8Array {
  const name = parseNameText(`${text}.`);
  if (!(name instanceof Uint8Array)) throw new Error(`${text} is no name`);
  return name;
}

/** What a generator that gives its caller turns comes to. */
export function finish<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const turn = work.next();
    if (turn.done === true) return turn.value;
  }
}

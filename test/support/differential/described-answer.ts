// An answer as it is compared: what it says, without the order of its records and the case of its names, which are free.

import type { DecodedMessage, DecodedRecord } from '../../../src/wire/decode-message.ts';
import { formatName } from '../../../src/wire/name.ts';
import { formatRecordData } from '../../../src/wire/record-data.ts';
import { formatRecordType, formatResponseCode } from '../../../src/wire/record-types.ts';

/** A record: `name ttl type data`, in lower case. */
export type DescribedRecord = { readonly name: string; readonly type: string; readonly text: string };

export type DescribedAnswer = {
  readonly rcode: string;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly answers: readonly DescribedRecord[];
  readonly authorities: readonly DescribedRecord[];
  readonly additionals: readonly DescribedRecord[];
};

export function describeMessage(message: DecodedMessage): DescribedAnswer {
  return {
    rcode: formatResponseCode(message.rcode),
    aa: message.isAuthoritative,
    tc: message.isTruncated,
    answers: message.answers.map(describeRecord),
    authorities: message.authorities.map(describeRecord),
    additionals: message.additionals.map(describeRecord),
  };
}

function describeRecord({ name, type, ttlSeconds, data }: DecodedRecord): DescribedRecord {
  const owner = formatName(name).toLowerCase();
  const typeText = formatRecordType(type);
  const text = `${owner} ${ttlSeconds} ${typeText} ${formatRecordData(type, data).toLowerCase()}`;
  return { name: `${owner}.`, type: typeText, text };
}

/** The name at which the aliases in the answer end that begin at `name`. */
export function endOfChain({ answers }: DescribedAnswer, name: string): string {
  let at = name.toLowerCase();
  for (let steps = 0; steps <= answers.length; steps++) {
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === at);
    if (alias === undefined) return at;
    at = alias.text.split(' ').at(-1) ?? '';
  }
  return at;
}

export function listTexts(records: readonly DescribedRecord[]): string[] {
  return [...new Set(records.map(({ text }) => text))].sort();
}

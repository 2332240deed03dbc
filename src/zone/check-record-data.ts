// Whether one value of one record could stand in a zone: what the validation of the model and the API ask for each value that
// people write, before any zone is built.

import { parseNameText } from '../wire/name.ts';
import { parseRecordData } from '../wire/record-data.ts';
import { isMetaType, parseRecordType, TYPE_SOA } from '../wire/record-types.ts';

/** What is wrong with `data` as a value of `type` in `zone` (a name), and what to write; undefined when it is right. */
export function checkRecordData(type: string, data: string, zone: string): string | undefined {
  const number = readZoneRecordType(type);
  if (typeof number === 'string') return number;
  const origin = parseNameText(zone);
  if (!(origin instanceof Uint8Array)) return `The zone: ${origin.problem}.`;
  const parsed = parseRecordData(number, data, origin);
  return parsed.ok ? undefined : `${parsed.problem}.`;
}

/** The number of a type that records of a zone may have, or what is wrong with it. */
export function readZoneRecordType(text: string): number | string {
  const type = parseRecordType(text);
  if (type === undefined) return `${text} is no record type: write a name such as A or TXT, or TYPE and its number.`;
  if (isMetaType(type)) return `${text} exists in messages only: no record can have this type.`;
  if (type === TYPE_SOA) return "The SOA record comes from the zone's soa: state it there.";
  return type;
}

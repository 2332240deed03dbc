// Lays the HTTPS and SVCB records of services out, with the places where hints of addresses are put in when they are answered.

import type { Service } from '../model/service.ts';
import { lowerCaseName, parseNameText } from '../wire/name.ts';
import { findHintPlaces } from '../wire/record-data/hint-places.ts';
import { parseRecordData } from '../wire/record-data.ts';
import { TYPE_HTTPS, TYPE_SVCB } from '../wire/record-types.ts';
import { sharedInt32From, sharedUint8From } from './shared-array.ts';
import { type BindingTable, NONE } from './snapshot.ts';

export function compileBindings(services: readonly Service[]): BindingTable {
  const starts = [0];
  const dataStarts = [0];
  const hintPlaces: number[] = [];
  const data: number[] = [];
  for (const service of services) {
    const owner = readName(service.id);
    for (const [type, texts] of [
      [TYPE_HTTPS, service.https],
      [TYPE_SVCB, service.svcb],
    ] as const) {
      for (const text of texts) {
        const octets = readData(type, text, service);
        const places = findHintPlaces(octets, owner);
        const start = data.length;
        hintPlaces.push(places ? start + places.ipv4 : NONE, places ? start + places.ipv6 : NONE);
        for (const octet of octets) data.push(octet);
        dataStarts.push(data.length);
      }
      starts.push(dataStarts.length - 1);
    }
  }
  return {
    starts: sharedInt32From(starts),
    dataStarts: sharedInt32From(dataStarts),
    hintPlaces: sharedInt32From(hintPlaces),
    data: sharedUint8From(data),
  };
}

/** What a validated configuration holds can always be read. */
function readData(type: number, text: string, { id, zone }: Service): Uint8Array {
  const parsed = parseRecordData(type, text, readName(zone));
  if (!parsed.ok) throw new Error(`service ${id} passed validation: ${parsed.problem}`);
  return parsed.bytes;
}

function readName(text: string): Uint8Array {
  const name = parseNameText(`${text}.`);
  if (!(name instanceof Uint8Array)) throw new Error(`${text} passed validation as a name`);
  return lowerCaseName(name);
}

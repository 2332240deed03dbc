// Joins parts of a zone's records into one, numbered through: a copy of a few blocks of memory.

import type { RecordPart } from './record-part.ts';

/** The first part holds what is the zone's own (SOA, NS): its sources stay as they are. */
export function joinParts(parts: readonly RecordPart[]): RecordPart {
  const count = sum(parts, ({ types }) => types.length);
  const joined = {
    stated: sum(parts, ({ stated }) => stated),
    sources: new Int32Array(count),
    names: new Uint8Array(sum(parts, ({ names }) => names.length)),
    nameStarts: new Int32Array(count + 1),
    types: new Uint16Array(count),
    ttls: new Int32Array(count),
    recordCounts: new Uint16Array(count),
    data: new Uint8Array(sum(parts, ({ data }) => data.length)),
    dataStarts: new Int32Array(count + 1),
  };
  let first = 0;
  let names = 0;
  let data = 0;
  let stated = 0;
  for (const part of parts) {
    joined.types.set(part.types, first);
    joined.ttls.set(part.ttls, first);
    joined.recordCounts.set(part.recordCounts, first);
    joined.names.set(part.names, names);
    joined.data.set(part.data, data);
    setShifted(joined.sources, part.sources, first, stated);
    setShifted(joined.nameStarts, part.nameStarts, first, names);
    setShifted(joined.dataStarts, part.dataStarts, first, data);
    first += part.types.length;
    names += part.names.length;
    data += part.data.length;
    stated += part.stated;
  }
  return joined;
}

function setShifted(to: Int32Array, from: Int32Array, at: number, shift: number): void {
  for (let index = 0; index < from.length; index++) to[at + index] = (from[index] ?? 0) + shift;
}

function sum(parts: readonly RecordPart[], measure: (part: RecordPart) => number): number {
  return parts.reduce((total, part) => total + measure(part), 0);
}

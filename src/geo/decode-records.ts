// The places of all records of one family of addresses: each distinct record is decoded once, in the order of the file.

import { createRecordReader, readPlaceRecord } from './mmdb-record.ts';
import { DATA_SEPARATOR_BYTES, dataStart, type MmdbFault, type MmdbTree, type walkV4 } from './mmdb-tree.ts';
import { internPlace, type PlaceTableBuilder, reservePlaces } from './place-table.ts';
import {
  createRecordMarks,
  forEachRecord,
  markRecord,
  numberRecords,
  type RecordMarks,
  recordNumber,
} from './record-marks.ts';

export type RecordPlaces = {
  /** The record that stands for the first byte of the data. */
  readonly firstRecord: number;
  readonly marks: RecordMarks;
  /** By the number of the record in `marks`. */
  readonly places: Uint32Array;
};

/** The place of a record that the walk leads to. */
export function placeOf({ firstRecord, marks, places }: RecordPlaces, record: number): number {
  return places[recordNumber(marks, record - firstRecord)] ?? 0;
}

/** Decodes everything that the walk leads to. A damaged record makes the whole database faulty: the first one is reported. */
export function decodeRecords(
  tree: MmdbTree,
  walkTree: typeof walkV4,
  table: PlaceTableBuilder,
  onProgress: (stage: string) => void,
): RecordPlaces | MmdbFault {
  const marks = findRecords(tree, walkTree);
  if ('code' in marks) return marks;
  onProgress(`decoding its ${marks.count} records`);
  reservePlaces(table, marks.count);
  const places = new Uint32Array(marks.count);
  const start = dataStart(tree);
  const reader = createRecordReader(tree.bytes, start, tree.bytes.length);
  let damaged: number | undefined;
  forEachRecord(marks, (offset, number) => {
    const place = readPlaceRecord(reader, start + offset);
    if (place === undefined) damaged = start + offset;
    else places[number] = internPlace(table, place);
    return place !== undefined;
  });
  if (damaged !== undefined) return recordFault(damaged);
  return { firstRecord: tree.nodeCount + DATA_SEPARATOR_BYTES, marks, places };
}

/** Marks the records of data, all of which lie in the file. */
function findRecords(tree: MmdbTree, walkTree: typeof walkV4): RecordMarks | MmdbFault {
  const { nodeCount } = tree;
  const firstRecord = nodeCount + DATA_SEPARATOR_BYTES;
  const size = tree.bytes.length - dataStart(tree);
  const marks = createRecordMarks(size);
  let last = nodeCount;
  let outside: number | undefined;
  const fault = walkTree(tree, (_high, _low, record) => {
    if (record === last) return;
    last = record;
    const offset = record - firstRecord;
    if (offset >= 0 && offset < size) markRecord(marks, offset);
    else if (record !== nodeCount) outside ??= record >>> 0;
  });
  if (fault !== undefined) return fault;
  if (outside !== undefined) return pointerFault(tree, outside - firstRecord);
  numberRecords(marks);
  return marks;
}

function pointerFault(tree: MmdbTree, offset: number): MmdbFault {
  const [start, end] = [dataStart(tree), tree.bytes.length];
  return {
    code: 'bad-pointer',
    message: `a record points to byte ${start + offset}, outside the data (${start} to ${end}): fetch the file again`,
  };
}

function recordFault(offset: number): MmdbFault {
  const message = `the record at byte ${offset} cannot be decoded: the file is damaged, fetch it again`;
  return { code: 'bad-record', message };
}

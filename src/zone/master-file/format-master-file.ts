// Writes a zone of the configuration as a master file (RFC 1035 section 5.1) that any name server reads: names relative to
// the zone, one record a line, in canonical order (RFC 4034 section 6.1) so that two exports compare line by line.

import type { Zone } from '../../model/zone.ts';
import { canonicalKey, parseNameText } from '../../wire/name.ts';
import { formatRecordData, parseRecordData } from '../../wire/record-data.ts';
import { parseRecordType } from '../../wire/record-types.ts';
import { nameInZone } from './zone-document.ts';

/**
 * The text of the zone, its lines as they come; `serial` goes into the SOA. Record data that cannot be read (an older
 * version's, say) is written as it is stated.
 */
export function* formatMasterFile(zone: Zone, serial: number): Generator<string> {
  const { name, soa, ns, nsTtlSeconds } = zone;
  const origin = parseNameText(name);
  yield `$ORIGIN ${name}.\n`;
  const timers = [serial, soa.refreshSeconds, soa.retrySeconds, soa.expireSeconds, soa.minimumSeconds];
  yield line('@', soa.ttlSeconds, 'SOA', `${soa.mname}. ${soa.rname}. ${timers.join(' ')}`);
  for (const host of ns) yield line('@', nsTtlSeconds, 'NS', `${host}.`);
  for (const { record } of sortRecords(zone)) {
    const type = parseRecordType(record.type);
    for (const data of record.data) {
      const parsed =
        type === undefined || !(origin instanceof Uint8Array) ? undefined : parseRecordData(type, data, origin);
      const text = type !== undefined && parsed?.ok === true ? formatRecordData(type, parsed.bytes) : data;
      yield line(nameInZone(record.name, name), record.ttlSeconds, record.type, text);
    }
  }
}

function sortRecords({ records }: Zone) {
  const keyed = records.map((record) => {
    const owner = parseNameText(record.name);
    return { record, key: owner instanceof Uint8Array ? canonicalKey(owner) : record.name };
  });
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.record.type < b.record.type ? -1 : 1));
}

function line(owner: string, ttlSeconds: number, type: string, data: string): string {
  return `${owner}\t${ttlSeconds}\tIN\t${type}\t${data}\n`;
}

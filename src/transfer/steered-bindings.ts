// The HTTPS and SVCB records that a service states, as they are in a transfer: without hints of addresses, which are for
// speed, and never of what may be down.

import { bindingSetOf } from '../snapshot/bindings.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { TYPE_HTTPS, TYPE_SVCB } from '../wire/record-types.ts';
import { packData, type TransferSet } from './transfer-set.ts';

export function listBindings({ services }: Snapshot, service: number): readonly TransferSet[] {
  const { starts, dataStarts, data } = services.bindings;
  const ttlSeconds = services.ttlMins[service] ?? 0;
  return [TYPE_HTTPS, TYPE_SVCB].flatMap((type) => {
    const set = bindingSetOf(service, type);
    const records: Uint8Array[] = [];
    for (let record = starts[set] ?? 0; record < (starts[set + 1] ?? 0); record++) {
      records.push(data.subarray(dataStarts[record] ?? 0, dataStarts[record + 1] ?? 0));
    }
    return records.length === 0 ? [] : [packData(type, ttlSeconds, records)];
  });
}

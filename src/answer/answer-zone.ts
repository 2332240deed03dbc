// Writes what zones hold: RRsets, the addresses that go with them, referrals, and the SOA of negative answers.

import { findRrset } from '../snapshot/find-rrset.ts';
import { NONE } from '../snapshot/snapshot.ts';
import { TYPE_A, TYPE_AAAA, TYPE_NS } from '../wire/record-types.ts';
import { type Section, writeForeignRecord, writeRecord } from '../wire/response.ts';
import type { Desk } from './desk.ts';

/** Writes the RRset whole; when it does not fit, takes back what was begun, sets TC, and returns false. */
export function writeRrset(desk: Desk, rrset: number, section: Section, ownerOffset: number): boolean {
  return writeRecords(desk, rrset, section, ownerOffset, desk.snapshot.rrsets.ttls[rrset] ?? 0);
}

function writeRecords(desk: Desk, rrset: number, section: Section, ownerOffset: number, ttlSeconds: number): boolean {
  const { response, snapshot } = desk;
  const { types, recordCounts, dataStarts, data } = snapshot.rrsets;
  const before = response.at;
  const type = types[rrset] ?? 0;
  const count = recordCounts[rrset] ?? 0;
  let at = dataStarts[rrset] ?? 0;
  for (let record = 0; record < count; record++) {
    const length = ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
    if (!writeRecord(response, ownerOffset, type, ttlSeconds, data, at + 2, length)) {
      response.at = before;
      response.truncated = true;
      return false;
    }
    at += 2 + length;
  }
  response[section] += count;
  return true;
}

/**
 * Adds the addresses of the hosts that the RRset names, as far as they fit. They are a courtesy, but for those of a
 * referral's servers below its own cut, given as `cut` (otherwise NONE), without which nobody gets any further:
 * RFC 9471 section 2.1, "MUST set the TC (Truncated) flag" where they do not fit.
 */
export function writeTargets(desk: Desk, rrset: number, cut: number): void {
  const { names, rrsets } = desk.snapshot;
  const end = rrsets.targetStarts[rrset + 1] ?? 0;
  for (let at = rrsets.targetStarts[rrset] ?? 0; at < end; at++) {
    const node = rrsets.targets[at] ?? NONE;
    const fits =
      writeAddresses(desk, node, findRrset(names, rrsets, node, TYPE_A)) &&
      writeAddresses(desk, node, findRrset(names, rrsets, node, TYPE_AAAA));
    if (!fits && cut !== NONE && names.cuts[node] === cut) desk.response.truncated = true;
  }
}

/** False when they did not fit. */
function writeAddresses(desk: Desk, node: number, rrset: number): boolean {
  if (rrset === NONE) return true;
  const { response, snapshot } = desk;
  const { names, rrsets } = snapshot;
  const before = response.at;
  const count = rrsets.recordCounts[rrset] ?? 0;
  const nameStart = names.textStarts[node] ?? 0;
  const nameLength = names.textLengths[node] ?? 0;
  const type = rrsets.types[rrset] ?? 0;
  const ttl = rrsets.ttls[rrset] ?? 0;
  let at = rrsets.dataStarts[rrset] ?? 0;
  for (let record = 0; record < count; record++) {
    const length = ((rrsets.data[at] ?? 0) << 8) | (rrsets.data[at + 1] ?? 0);
    if (!writeForeignRecord(response, names.text, nameStart, nameLength, type, ttl, rrsets.data, at + 2, length)) {
      response.at = before;
      return false;
    }
    at += 2 + length;
  }
  response.additionals += count;
  return true;
}

/** The delegation at `desk.found.node`: its NS in the authority section, its glue beside it (RFC 1034 section 4.3.2 step 3b). */
export function writeReferral(desk: Desk): void {
  const { names, rrsets } = desk.snapshot;
  const cut = desk.found.node;
  const ns = findRrset(names, rrsets, cut, TYPE_NS);
  if (writeRrset(desk, ns, 'authorities', suffixOffset(desk, names.labelCounts[cut] ?? 0))) {
    writeTargets(desk, ns, cut);
  }
}

/**
 * The SOA of the zone that was searched last, with the TTL for which resolvers may remember that there is nothing
 * (RFC 2308 section 3).
 */
export function writeNegative(desk: Desk): void {
  const { names, zones } = desk.snapshot;
  const { zone } = desk.found;
  const labels = names.labelCounts[zones.apexes[zone] ?? NONE] ?? 0;
  const ttl = zones.negativeTtls[zone] ?? 0;
  writeRecords(desk, zones.soaRrsets[zone] ?? NONE, 'authorities', suffixOffset(desk, labels), ttl);
}

/** Where the last `labels` labels of the name being answered stand in the message. */
export function suffixOffset({ owner, ownerOffset }: Desk, labels: number): number {
  return ownerOffset + (owner.labelStarts[owner.labelCount - labels] ?? 0);
}

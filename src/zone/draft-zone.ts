// The first half of building a zone: every record is parsed and put at its node, whatever the nodes then add up to. What is
// wrong with a single record is found here; what is wrong between records, in judge-zone.ts.

import type { Problem } from '../model/problem.ts';
import type { RecordSet, Zone } from '../model/zone.ts';
import { canonicalKey, isSubdomain, lowerCaseName, parentKey, parentName, parseNameText } from '../wire/name.ts';
import { parseRecordData } from '../wire/record-data.ts';
import { TYPE_NS, TYPE_SOA } from '../wire/record-types.ts';
import { readZoneRecordType } from './check-record-data.ts';

export type DraftRrset = {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array[];
  /** Where the configuration states it: see pathOf. */
  readonly source: RrsetSource;
};

/** A position in the zone's records, or its own SOA or name servers. */
export type RrsetSource = number | 'soa' | 'ns';

/** What a BuiltNode becomes of: its flags are set once all nodes are known. */
export type DraftNode = {
  /** See canonicalKey: sorts canonically, and begins with the keys of all names above. */
  readonly key: string;
  readonly name: Uint8Array;
  rrsets: readonly DraftRrset[];
  isApex: boolean;
  isSteered: boolean;
  isDelegation: boolean;
  isBelowDelegation: boolean;
  isEmptyNonTerminal: boolean;
  hasWildcardChild: boolean;
};

export type ZoneDraft = {
  readonly name: Uint8Array;
  readonly key: string;
  /** By key; with every name between a node and the apex. */
  readonly nodes: Map<string, DraftNode>;
};

/** RFC 2181 section 8. */
const MAX_TTL_SECONDS = 0x7fffffff;

/** Undefined when not even the name of the zone can be read; everything wrong is added to `problems`. */
export function draftZone(
  zone: Zone,
  serial: number,
  steeredNames: readonly string[],
  problems: Problem[],
): ZoneDraft | undefined {
  const name = readName(zone.name, '/name', problems);
  if (name === undefined) return undefined;
  const draft: ZoneDraft = { name, key: canonicalKey(name), nodes: new Map() };
  addSoa(draft, zone, serial, problems);
  addNameServers(draft, zone, problems);
  for (const [index, record] of zone.records.entries()) addRecordSet(draft, record, index, problems);
  for (const steered of steeredNames) {
    const node = addOwner(draft, steered, undefined, problems);
    if (node !== undefined) node.isSteered = true;
  }
  return draft;
}

/** RFC 1035 section 3.3.13. The model's names are absolute without their final dot. */
function addSoa(draft: ZoneDraft, zone: Zone, serial: number, problems: Problem[]): void {
  const { soa } = zone;
  const mname = readName(soa.mname, '/soa/mname', problems);
  const rname = readName(soa.rname, '/soa/rname', problems);
  if (mname === undefined || rname === undefined) return;
  const data = new Uint8Array(mname.length + rname.length + 20);
  data.set(mname);
  data.set(rname, mname.length);
  const view = new DataView(data.buffer, mname.length + rname.length);
  const numbers = [serial, soa.refreshSeconds, soa.retrySeconds, soa.expireSeconds, soa.minimumSeconds];
  for (const [index, number] of numbers.entries()) view.setUint32(4 * index, number);
  const rrset = { type: TYPE_SOA, ttlSeconds: soa.ttlSeconds, data: [data], source: 'soa' as const };
  addRrset(nodeAt(draft, draft.name), rrset, problems);
}

function addNameServers(draft: ZoneDraft, zone: Zone, problems: Problem[]): void {
  const data = zone.ns
    .map((name, index) => readName(name, `/ns/${index}`, problems))
    .filter((name) => name !== undefined);
  if (zone.ns.length === 0) problems.push({ path: '/ns', message: 'The zone has no name server: list at least one.' });
  addRrset(nodeAt(draft, draft.name), { type: TYPE_NS, ttlSeconds: zone.nsTtlSeconds, data, source: 'ns' }, problems);
}

function addRecordSet(draft: ZoneDraft, record: RecordSet, index: number, problems: Problem[]): void {
  const report = (below: string, message: string) => problems.push({ path: `${pathOf(index)}${below}`, message });
  const node = addOwner(draft, record.name, index, problems);
  const type = readZoneRecordType(record.type);
  if (typeof type === 'string') report('/type', type);
  if (!(record.ttlSeconds >= 0 && record.ttlSeconds <= MAX_TTL_SECONDS)) {
    report('/ttl', `The TTL must be 0 to ${MAX_TTL_SECONDS} seconds (RFC 2181 section 8).`);
  }
  if (record.data.length === 0) report('/data', 'There is no data: write at least one value.');
  if (node === undefined || typeof type === 'string') return;
  if (type === TYPE_NS && node.key === draft.key) {
    report('', "The zone's own name servers are listed in its ns: move them there.");
    return;
  }
  const parsed = record.data.map((text) => parseRecordData(type, text, draft.name));
  for (const [position, result] of parsed.entries()) if (!result.ok) report(`/data/${position}`, `${result.problem}.`);
  const data = parsed.map((result) => (result.ok ? result.bytes : NO_DATA));
  addRrset(node, { type, ttlSeconds: record.ttlSeconds, data, source: index }, problems);
}

/** Stands for a value that cannot be read, in a draft that will be refused. */
const NO_DATA = new Uint8Array(0);

/** JSON pointer relative to the zone. */
export function pathOf(source: RrsetSource): string {
  return typeof source === 'number' ? `/records/${source}` : `/${source}`;
}

export function findRrset(node: DraftNode, type: number): DraftRrset | undefined {
  for (const rrset of node.rrsets) if (rrset.type === type) return rrset;
  return undefined;
}

/** What is stated of one name and type in several places is one RRset, which has one TTL (RFC 2181 section 5.2). */
function addRrset(node: DraftNode, added: DraftRrset, problems: Problem[]): void {
  const existing = findRrset(node, added.type);
  if (existing === undefined) {
    const { type, ttlSeconds, data, source } = added;
    // Not push, which reserves room for many: a million nodes have one RRset each.
    node.rrsets = [...node.rrsets, { type, ttlSeconds, data: withoutDuplicates(data), source }];
    return;
  }
  if (existing.ttlSeconds !== added.ttlSeconds) {
    const message = `${pathOf(existing.source)} gives this name and type a TTL of ${existing.ttlSeconds}: all its records have one TTL, write the same.`;
    problems.push({ path: `${pathOf(added.source)}/ttl`, message });
  }
  const data = withoutDuplicates([...existing.data, ...added.data]);
  existing.data.splice(0, existing.data.length, ...data);
}

function withoutDuplicates(data: Uint8Array[]): Uint8Array[] {
  if (data.length < 2) return data;
  return [...new Map(data.map((octets) => [octets.join(), octets])).values()];
}

/** `record` is the position of the record that names the owner; undefined for a service's name. */
function addOwner(
  draft: ZoneDraft,
  text: string,
  record: number | undefined,
  problems: Problem[],
): DraftNode | undefined {
  const parsed = parseNameText(text);
  const name = parsed instanceof Uint8Array ? lowerCaseName(parsed) : undefined;
  if (name !== undefined && isSubdomain(name, draft.name)) return nodeAt(draft, name);
  const path = record === undefined ? '' : `${pathOf(record)}/name`;
  const message =
    'problem' in parsed
      ? `${parsed.problem}.`
      : `${text} is not in this zone: give it to the zone that it belongs to, or correct it.`;
  problems.push({ path, message });
  return undefined;
}

/** The node of a name in the zone; new ones come with all nodes between them and the apex. */
function nodeAt(draft: ZoneDraft, name: Uint8Array): DraftNode {
  const key = canonicalKey(name);
  const known = draft.nodes.get(key);
  if (known !== undefined) return known;
  const node = createNode(key, name);
  draft.nodes.set(key, node);
  let below = node;
  // At most as many steps as a name has labels.
  for (let above = parentKey(key); below.key !== draft.key && !draft.nodes.has(above); above = parentKey(above)) {
    below = createNode(above, parentName(below.name));
    draft.nodes.set(above, below);
  }
  return node;
}

const NO_RRSETS: readonly DraftRrset[] = [];

function createNode(key: string, name: Uint8Array): DraftNode {
  return {
    key,
    name,
    rrsets: NO_RRSETS,
    isApex: false,
    isSteered: false,
    isDelegation: false,
    isBelowDelegation: false,
    isEmptyNonTerminal: false,
    hasWildcardChild: false,
  };
}

/** Lower case; every name of the model is absolute. */
function readName(text: string, path: string, problems: Problem[]): Uint8Array | undefined {
  const name = parseNameText(text);
  if (name instanceof Uint8Array) return lowerCaseName(name);
  problems.push({ path, message: `${name.problem}.` });
  return undefined;
}

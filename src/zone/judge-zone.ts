// The second half of building a zone: what the records of a name, and the names of a zone, may not be together. Each rule
// names the RFC that states it, and speaks of the record that has to go or to change.

import { MAX_PROBLEMS } from '../model/limits.ts';
import type { Problem } from '../model/problem.ts';
import { createFlatName, readFlatName } from '../wire/flat-name.ts';
import { formatName, isSubdomain } from '../wire/name.ts';
import { createSuffixHashes, hashSuffixes } from '../wire/name-hash.ts';
import { targetNameOf } from '../wire/record-data.ts';
import {
  formatRecordType,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_DS,
  TYPE_NS,
  TYPE_NSEC,
  TYPE_RRSIG,
} from '../wire/record-types.ts';
import { APEX, NONE } from './draft-nodes.ts';
import {
  dataOf,
  findDraftNode,
  findDraftRrset,
  isWildcardNode,
  nameOfNode,
  pathOf,
  type ZoneDraft,
} from './draft-zone.ts';

/**
 * Adds what is wrong to `problems`, until these are as many as will ever be told. `isWhole` false: records are missing that could not be
 * read, and nothing is concluded from what is not there.
 */
export function judgeZone(draft: ZoneDraft, problems: Problem[], isWhole = true): void {
  const { nodes, next } = draft;
  for (let node = 0; node < nodes.count && problems.length < MAX_PROBLEMS; node++) {
    const first = nodes.rrsets[node] ?? NONE;
    if (first === NONE) continue;
    judgeAlias(draft, node, problems);
    if (isWhole) judgeSigner(draft, node, problems);
    judgeSteered(draft, node, problems);
    for (let rrset = first; rrset !== NONE; rrset = next[rrset] ?? NONE)
      judgeRrset(draft, node, rrset, problems, isWhole);
  }
  judgeHidden(draft, problems);
}

const SINGLE_TYPES: ReadonlySet<number> = new Set([TYPE_CNAME, TYPE_DNAME]);
const TYPE_KEY = 25;
/** RFC 2181 section 10.1 with RFC 4034 sections 3 and 4: these may stand beside a CNAME. */
const BESIDE_ALIAS: ReadonlySet<number> = new Set([TYPE_CNAME, TYPE_RRSIG, TYPE_NSEC, TYPE_KEY]);
const STEERED_TYPES: ReadonlySet<number> = new Set([TYPE_A, TYPE_AAAA, TYPE_CNAME]);

/** RFC 1034 section 3.6.2: "If a CNAME RR is present at a node, no other data should be present". */
export function judgeAlias(draft: ZoneDraft, node: number, problems: Problem[]): void {
  const alias = findDraftRrset(draft, node, TYPE_CNAME);
  if (alias === NONE) return;
  const others = typesAt(draft, node).filter((type) => !BESIDE_ALIAS.has(type));
  if (others.length === 0) return;
  const message = `${nameOfNode(draft, node)} is an alias (CNAME) and has ${others.map(formatRecordType).join(', ')} too: keep one or the other.`;
  problems.push({ path: pathOf(draft, alias), message });
}

/** RFC 4035 section 2.4. */
function judgeSigner(draft: ZoneDraft, node: number, problems: Problem[]): void {
  const signer = findDraftRrset(draft, node, TYPE_DS);
  if (signer === NONE || (findDraftRrset(draft, node, TYPE_NS) !== NONE && node !== APEX)) return;
  const message = `DS records stand where a zone is delegated, beside its NS records; ${nameOfNode(draft, node)} is not such a place here: remove them.`;
  problems.push({ path: pathOf(draft, signer), message });
}

export function judgeSteered(draft: ZoneDraft, node: number, problems: Problem[]): void {
  if (draft.nodes.steered[node] === NONE) return;
  for (const type of typesAt(draft, node).filter((each) => STEERED_TYPES.has(each))) {
    const message = `A service answers for ${nameOfNode(draft, node)}: remove its ${formatRecordType(type)} records, or the service.`;
    problems.push({ path: pathOf(draft, findDraftRrset(draft, node, type)), message });
  }
}

function typesAt({ nodes, next, records }: ZoneDraft, node: number): number[] {
  const types: number[] = [];
  for (let rrset = nodes.rrsets[node] ?? NONE; rrset !== NONE; rrset = next[rrset] ?? NONE) {
    types.push(records.types[rrset] ?? 0);
  }
  return types;
}

/**
 * What one message can carry (65,535 octets, RFC 1035 section 4.2.2) beside a header, a question of the longest name, an OPT
 * with its options: an RRset above this could never be answered, nor may it be cut (RFC 2181 section 5.1).
 */
const MAX_RRSET_BYTES = 65_535 - 12 - (255 + 4) - 64;
/** A compressed owner, and type, class, TTL, length. */
const RECORD_OVERHEAD_BYTES = 12;

function judgeRrset(draft: ZoneDraft, node: number, rrset: number, problems: Problem[], isWhole: boolean): void {
  const type = draft.records.types[rrset] ?? 0;
  if (isWildcardNode(draft, node) && (type === TYPE_NS || type === TYPE_DNAME)) {
    // RFC 4592 sections 4.2 and 4.4: their meaning is left open.
    const message = `A wildcard with ${formatRecordType(type)} has no settled meaning: write it at each name that needs it.`;
    problems.push({ path: pathOf(draft, rrset), message });
  }
  if (isLoneAddress(draft, rrset)) return;
  judgeData(draft, node, rrset, problems);
  for (const octets of dataOf(draft, rrset)) judgeTarget(draft, node, rrset, octets, problems, isWhole);
}

/** Addresses, most of a large zone, point nowhere: one alone can break no further rule. */
function isLoneAddress({ records, more }: ZoneDraft, rrset: number): boolean {
  return records.types[rrset] === TYPE_A && more[rrset] === NONE && records.recordCounts[rrset] === 1;
}

/** How many values an RRset has, and how long they are. */
export function judgeData(draft: ZoneDraft, node: number, rrset: number, problems: Problem[]): void {
  if (isLoneAddress(draft, rrset)) return;
  const type = draft.records.types[rrset] ?? 0;
  const data = dataOf(draft, rrset);
  if (SINGLE_TYPES.has(type) && data.length > 1) {
    problems.push({
      path: `${pathOf(draft, rrset)}/data`,
      message: `${nameOfNode(draft, node)} may have one ${formatRecordType(type)} only: keep one value.`,
    });
  }
  let bytes = 0;
  for (const octets of data) bytes += RECORD_OVERHEAD_BYTES + octets.length;
  if (bytes > MAX_RRSET_BYTES) {
    const message = `The ${formatRecordType(type)} records of ${nameOfNode(draft, node)} take ${bytes} octets, above the ${MAX_RRSET_BYTES} that one answer can carry: keep fewer.`;
    problems.push({ path: `${pathOf(draft, rrset)}/data`, message });
  }
}

const target = createFlatName();
const hashes = createSuffixHashes();

/** RFC 2181 section 10.3 and RFC 2782: the target of NS, MX and SRV "must not be an alias". RFC 1034 section 4.2.1: glue. */
function judgeTarget(
  draft: ZoneDraft,
  node: number,
  rrset: number,
  data: Uint8Array,
  problems: Problem[],
  isWhole: boolean,
): void {
  const type = draft.records.types[rrset] ?? 0;
  const name = targetNameOf(type, data);
  if (name === undefined || !isSubdomain(name, draft.name)) return;
  readFlatName(target, name, 0, name.length);
  hashSuffixes(target, hashes);
  const found = findDraftNode(draft, target, 0, hashes[0] ?? 0);
  if (found !== NONE && findDraftRrset(draft, found, TYPE_CNAME) !== NONE) {
    const message = `${formatName(name)} is an alias (CNAME), which ${formatRecordType(type)} may not point to: name what it stands for.`;
    problems.push({ path: pathOf(draft, rrset), message });
  }
  if (!isWhole || type !== TYPE_NS || node === APEX || !standsBelow(draft, node)) return;
  const hasAddress =
    found !== NONE &&
    (findDraftRrset(draft, found, TYPE_A) !== NONE || findDraftRrset(draft, found, TYPE_AAAA) !== NONE);
  if (hasAddress) return;
  const message = `${formatName(name)} cannot be found without its address: add an A or AAAA record for it (glue).`;
  problems.push({ path: pathOf(draft, rrset), message });
}

/** Whether the name in `target` is that of `node`, or stands below it. */
function standsBelow(draft: ZoneDraft, node: number): boolean {
  const label = target.labelCount - draft.labelCount - (draft.nodes.labelCounts[node] ?? 0);
  return label >= 0 && findDraftNode(draft, target, label, hashes[label] ?? 0) === node;
}

/**
 * What stands below a delegation or a DNAME is not answered: no service may, and below a DNAME no record either (RFC 6672 section 2.4), unless
 * `mayHaveRecords`.
 */
export function judgeHidden(draft: ZoneDraft, problems: Problem[], mayHaveRecords = false): void {
  const { nodes, next, records } = draft;
  /** The RRset that hides each node: the highest one counts. */
  const hiding = new Int32Array(nodes.count).fill(NONE);
  for (let node = 0; node < nodes.count && problems.length < MAX_PROBLEMS; node++) {
    const above = node === APEX ? NONE : (hiding[nodes.parents[node] ?? 0] ?? NONE);
    const isBelow = above !== NONE;
    const rrset = isBelow ? above : findHiding(draft, node);
    hiding[node] = rrset;
    if (rrset === NONE) continue;
    const type = records.types[rrset] ?? 0;
    if (nodes.steered[node] !== NONE && (isBelow || type === TYPE_NS)) {
      const message = `This ${formatRecordType(type)} hides the service ${nameOfNode(draft, node)}: remove one of them.`;
      problems.push({ path: pathOf(draft, rrset), message });
    }
    if (!isBelow || type !== TYPE_DNAME || mayHaveRecords) continue;
    for (let hidden = nodes.rrsets[node] ?? NONE; hidden !== NONE; hidden = next[hidden] ?? NONE) {
      const message = `${nameOfNode(draft, node)} stands below a DNAME (${pathOf(draft, rrset)}) and may not have records: remove one of them.`;
      problems.push({ path: pathOf(draft, hidden), message });
    }
  }
}

function findHiding(draft: ZoneDraft, node: number): number {
  const dname = findDraftRrset(draft, node, TYPE_DNAME);
  return dname !== NONE || node === APEX ? dname : findDraftRrset(draft, node, TYPE_NS);
}

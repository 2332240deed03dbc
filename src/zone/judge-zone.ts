// The second half of building a zone: what the records of a name, and the names of a zone, may not be together. Each rule
// names the RFC that states it, and speaks of the record that has to go or to change.

import type { Problem } from '../model/problem.ts';
import { canonicalKey, formatName, isWildcard } from '../wire/name.ts';
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
import { type DraftNode, type DraftRrset, findRrset, pathOf, type ZoneDraft } from './draft-zone.ts';

/** Adds everything that is wrong to `problems`; `nodes` are those of the draft in canonical order. */
export function judgeZone(draft: ZoneDraft, nodes: readonly DraftNode[], problems: Problem[]): void {
  for (const node of nodes) {
    judgeAlias(node, problems);
    judgeNode(draft, node, problems);
    for (const rrset of node.rrsets) judgeRrset(draft, node, rrset, problems);
  }
  judgeHidden(draft, nodes, problems);
}

const SINGLE_TYPES: ReadonlySet<number> = new Set([TYPE_CNAME, TYPE_DNAME]);
const TYPE_KEY = 25;
/** RFC 2181 section 10.1 with RFC 4034 sections 3 and 4: these may stand beside a CNAME. */
const BESIDE_ALIAS: ReadonlySet<number> = new Set([TYPE_CNAME, TYPE_RRSIG, TYPE_NSEC, TYPE_KEY]);
const STEERED_TYPES: ReadonlySet<number> = new Set([TYPE_A, TYPE_AAAA, TYPE_CNAME]);

/** RFC 1034 section 3.6.2: "If a CNAME RR is present at a node, no other data should be present". */
function judgeAlias(node: DraftNode, problems: Problem[]): void {
  const alias = findRrset(node, TYPE_CNAME);
  if (alias === undefined) return;
  const others = node.rrsets.filter(({ type }) => !BESIDE_ALIAS.has(type)).map(({ type }) => formatRecordType(type));
  if (others.length === 0) return;
  const message = `${formatName(node.name)} is an alias (CNAME) and has ${others.join(', ')} too: keep one or the other.`;
  problems.push({ path: pathOf(alias.source), message });
}

function judgeNode(draft: ZoneDraft, node: DraftNode, problems: Problem[]): void {
  const nameServers = findRrset(node, TYPE_NS);
  const signer = findRrset(node, TYPE_DS);
  if (signer !== undefined && (nameServers === undefined || node.key === draft.key)) {
    // RFC 4035 section 2.4.
    const message = `DS records stand where a zone is delegated, beside its NS records; ${formatName(node.name)} is not such a place here: remove them.`;
    problems.push({ path: pathOf(signer.source), message });
  }
  if (!node.isSteered) return;
  for (const rrset of node.rrsets.filter(({ type }) => STEERED_TYPES.has(type))) {
    const message = `A service answers for ${formatName(node.name)}: remove its ${formatRecordType(rrset.type)} records, or the service.`;
    problems.push({ path: pathOf(rrset.source), message });
  }
}

/**
 * What one message can carry (65,535 octets, RFC 1035 section 4.2.2) beside a header, a question of the longest name, an OPT
 * with its options: an RRset above this could never be answered, nor may it be cut (RFC 2181 section 5.1).
 */
const MAX_RRSET_BYTES = 65_535 - 12 - (255 + 4) - 64;
/** A compressed owner, and type, class, TTL, length. */
const RECORD_OVERHEAD_BYTES = 12;

function judgeRrset(draft: ZoneDraft, node: DraftNode, rrset: DraftRrset, problems: Problem[]): void {
  const type = formatRecordType(rrset.type);
  if (SINGLE_TYPES.has(rrset.type) && rrset.data.length > 1) {
    problems.push({
      path: `${pathOf(rrset.source)}/data`,
      message: `${formatName(node.name)} may have one ${type} only: keep one value.`,
    });
  }
  if (isWildcard(node.name) && (rrset.type === TYPE_NS || rrset.type === TYPE_DNAME)) {
    // RFC 4592 sections 4.2 and 4.4: their meaning is left open.
    const message = `A wildcard with ${type} has no settled meaning: write it at each name that needs it.`;
    problems.push({ path: pathOf(rrset.source), message });
  }
  let bytes = 0;
  for (const data of rrset.data) bytes += RECORD_OVERHEAD_BYTES + data.length;
  if (bytes > MAX_RRSET_BYTES) {
    const message = `The ${type} records of ${formatName(node.name)} take ${bytes} octets, above the ${MAX_RRSET_BYTES} that one answer can carry: keep fewer.`;
    problems.push({ path: `${pathOf(rrset.source)}/data`, message });
  }
  for (const data of rrset.data) judgeTarget(draft, node, rrset, data, problems);
}

/** RFC 2181 section 10.3 and RFC 2782: the target of NS, MX and SRV "must not be an alias". RFC 1034 section 4.2.1: glue. */
function judgeTarget(
  draft: ZoneDraft,
  node: DraftNode,
  rrset: DraftRrset,
  data: Uint8Array,
  problems: Problem[],
): void {
  const target = targetNameOf(rrset.type, data);
  if (target === undefined) return;
  const key = canonicalKey(target);
  if (!key.startsWith(draft.key)) return;
  const targetNode = draft.nodes.get(key);
  const type = formatRecordType(rrset.type);
  if (targetNode !== undefined && findRrset(targetNode, TYPE_CNAME) !== undefined) {
    const message = `${formatName(target)} is an alias (CNAME), which ${type} may not point to: name what it stands for.`;
    problems.push({ path: pathOf(rrset.source), message });
  }
  const isOwnServer = rrset.type === TYPE_NS && node.key !== draft.key && key.startsWith(node.key);
  const hasAddress = targetNode?.rrsets.some((found) => found.type === TYPE_A || found.type === TYPE_AAAA) ?? false;
  if (isOwnServer && !hasAddress) {
    const message = `${formatName(target)} cannot be found without its address: add an A or AAAA record for it (glue).`;
    problems.push({ path: pathOf(rrset.source), message });
  }
}

/** What stands below a delegation or a DNAME is not answered: no service may, and below a DNAME no record either (RFC 6672 section 2.4). */
function judgeHidden(draft: ZoneDraft, nodes: readonly DraftNode[], problems: Problem[]): void {
  let cut: { readonly key: string; readonly rrset: DraftRrset } | undefined;
  for (const node of nodes) {
    const isBelow = cut !== undefined && node.key !== cut.key && node.key.startsWith(cut.key);
    if (!isBelow) {
      const rrset = findRrset(node, TYPE_DNAME) ?? (node.key === draft.key ? undefined : findRrset(node, TYPE_NS));
      if (rrset !== undefined) cut = { key: node.key, rrset };
    }
    if (cut === undefined) continue;
    const isHidden = isBelow || (node.key === cut.key && cut.rrset.type === TYPE_NS);
    if (node.isSteered && isHidden) {
      const message = `This ${formatRecordType(cut.rrset.type)} hides the service ${formatName(node.name)}: remove one of them.`;
      problems.push({ path: pathOf(cut.rrset.source), message });
    }
    if (!isBelow || cut.rrset.type !== TYPE_DNAME) continue;
    for (const hidden of node.rrsets) {
      const message = `${formatName(node.name)} stands below a DNAME (${pathOf(cut.rrset.source)}) and may not have records: remove one of them.`;
      problems.push({ path: pathOf(hidden.source), message });
    }
  }
}

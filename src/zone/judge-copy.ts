// What a copy of a zone must not be. It is not for us to say how another server's zone should be: what is refused is what could
// not be answered rightly from here.

import { MAX_PROBLEMS } from '../model/limits.ts';
import type { Problem } from '../model/problem.ts';
import {
  formatRecordType,
  TYPE_DNSKEY,
  TYPE_NSEC,
  TYPE_NSEC3,
  TYPE_NSEC3PARAM,
  TYPE_RRSIG,
} from '../wire/record-types.ts';
import { APEX, NONE } from './draft-nodes.ts';
import { findDraftRrset, pathOf, type ZoneDraft } from './draft-zone.ts';
import { judgeAlias, judgeData, judgeHidden, judgeSteered } from './judge-zone.ts';

const SIGNING_TYPES = [TYPE_RRSIG, TYPE_NSEC, TYPE_NSEC3, TYPE_NSEC3PARAM, TYPE_DNSKEY] as const;
const TYPE_ZONEMD = 63;

/** Adds what is wrong to `problems`, with the paths of records. */
export function judgeCopy(
  draft: ZoneDraft,
  { isSignedHere, hasServices }: { readonly isSignedHere: boolean; readonly hasServices: boolean },
  problems: Problem[],
): void {
  const { nodes, next } = draft;
  for (let node = 0; node < nodes.count && problems.length < MAX_PROBLEMS; node++) {
    const first = nodes.rrsets[node] ?? NONE;
    if (first === NONE) continue;
    judgeAlias(draft, node, problems);
    judgeSteered(draft, node, problems);
    for (let rrset = first; rrset !== NONE; rrset = next[rrset] ?? NONE) judgeData(draft, node, rrset, problems);
  }
  judgeHidden(draft, problems, true);
  judgeSigning(draft, isSignedHere, hasServices, problems);
}

function judgeSigning(draft: ZoneDraft, isSignedHere: boolean, hasServices: boolean, problems: Problem[]): void {
  const found = SIGNING_TYPES.map((type) => findDraftRrset(draft, APEX, type));
  const [signatures = NONE, chain = NONE, , hashed = NONE] = found;
  const report = (rrset: number, message: string): void => {
    problems.push({ path: pathOf(draft, rrset), message });
  };
  const first = found.find((rrset) => rrset !== NONE);
  if (isSignedHere && first !== undefined) {
    const type = formatRecordType(draft.records.types[first] ?? 0);
    report(
      first,
      `The primary signs the zone (it has ${type}), and dnssec.enabled would do so once more: let one of them sign it.`,
    );
  } else if (signatures !== NONE && hasServices) {
    report(
      signatures,
      'The primary signs the zone, and could not sign what services answer in it: have it leave the zone unsigned and set dnssec.enabled here, or take the services out of the zone.',
    );
  } else if (signatures !== NONE && chain === NONE) {
    const how = hashed === NONE ? 'without an NSEC record at its apex' : 'with NSEC3';
    report(signatures, `The primary signs the zone ${how}, from which nothing could be denied here: have it use NSEC.`);
  }
  const digest = findDraftRrset(draft, APEX, TYPE_ZONEMD);
  if (digest !== NONE && (isSignedHere || hasServices)) {
    report(
      digest,
      'The ZONEMD record is a digest of the zone as the primary has it, without what is added here: have it leave that out.',
    );
  }
}

// From what is stated of one zone to its image, or everything that is wrong with it.

import { MAX_PROBLEMS } from '../model/limits.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { RecordSet, ZoneHead } from '../model/zone.ts';
import { lowerCaseName, parseNameText } from '../wire/name.ts';
import { buildZone } from '../zone/build-zone.ts';
import type { ZoneDraft } from '../zone/draft-zone.ts';
import { type RecordPart, readRecordPart } from '../zone/record-part.ts';
import { findSigning } from './find-signing.ts';
import { layOutZone } from './lay-out-zone.ts';
import { signZone, type ZoneSigner } from './sign-zone.ts';
import type { ZoneImage } from './zone-image.ts';

/** Some of a zone's records, read; with what is wrong with them, by paths such as `/3/data/0`. */
export type ReadPart = { readonly part: RecordPart; readonly problems: readonly Problem[] };

/** Undefined stands for a record that has been found faulty. */
export function readZonePart(zone: string, records: readonly (RecordSet | undefined)[]): ReadPart {
  const name = parseNameText(zone);
  if (!(name instanceof Uint8Array)) throw new Error(`zone ${zone} passed validation as a name`);
  const problems: Problem[] = [];
  return { part: readRecordPart(records, lowerCaseName(name), problems), problems };
}

/** How a zone is signed, if it is. `before`: the image that this one takes the place of, whose signatures stay good. */
export type ZoneSigningInput = {
  readonly signer: ZoneSigner;
  /** By `steeredNames`, the types that may be answered there. */
  readonly steeredTypes: readonly (readonly number[])[];
  readonly before: ZoneImage | undefined;
};

/** Problems carry paths relative to the zone; at most MAX_PROBLEMS. */
export function compileZone(
  head: ZoneHead,
  parts: readonly ReadPart[],
  steeredNames: readonly string[],
  nestedZones: readonly string[] = [],
  signing?: ZoneSigningInput,
): Parsed<ZoneImage> {
  const drafted = draftParts(head, parts, steeredNames, nestedZones);
  if (!drafted.ok) return drafted;
  const { copy, primaries } = head;
  const isWithheld = primaries !== undefined && copy?.isExpired !== false;
  if (signing === undefined) {
    // With services in it, it changes with the revision too.
    const standing = { hasOwnSerial: copy !== undefined && steeredNames.length === 0, isWithheld };
    const signed = standing.hasOwnSerial ? findSigning(drafted.value) : undefined;
    return { ok: true, value: layOutZone(drafted.value, signed, standing) };
  }
  const { steeredTypes, before } = signing;
  // A chain would deny names between those that are known, where it is not known what there is.
  const isUnknown = primaries !== undefined && copy === undefined;
  const signer = isUnknown ? { ...signing.signer, hasChain: false } : signing.signer;
  const standing = { hasOwnSerial: false, isWithheld };
  return { ok: true, value: signZone(drafted.value, signer, steeredTypes, before, standing) };
}

/** All of compiling that can find something wrong: what is left is to lay the zone out in memory. */
export function draftParts(
  head: ZoneHead,
  parts: readonly ReadPart[],
  steeredNames: readonly string[],
  nestedZones: readonly string[] = [],
): Parsed<ZoneDraft> {
  const problems: Problem[] = [];
  let stated = 0;
  for (const { part, problems: found } of parts) {
    for (const { path, message } of found) problems.push({ path: shiftPath(path, stated), message });
    stated += part.stated;
  }
  const built = buildZone(
    head,
    parts.map(({ part }) => part),
    steeredNames,
    nestedZones,
  );
  if (!built.ok) problems.push(...built.problems);
  if (!built.ok || problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  return built;
}

/** `/3/data/0` of a part that begins at record 1000 is `/records/1003/data/0`; what is said of a whole part, of all records. */
function shiftPath(path: string, shift: number): string {
  if (path === '') return '/records';
  const [, index, ...below] = path.split('/');
  return ['/records', Number(index) + shift, ...below].join('/');
}

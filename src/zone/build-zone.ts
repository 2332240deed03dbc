// Builds a zone from what the configuration states: its SOA, its name servers and its records, read in parts, become nodes
// with RRsets in wire form, with the empty non-terminals between them. Snapshots are laid out from it. Serves RFC 1034
// section 4.2, RFC 2181, RFC 4592.

import { MAX_PROBLEMS } from '../model/limits.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { ZoneHead } from '../model/zone.ts';
import { isSubdomain, lowerCaseName, parseNameText } from '../wire/name.ts';
import { TYPE_NS, TYPE_SOA } from '../wire/record-types.ts';
import { draftZone, SOURCE_NS, SOURCE_SOA, type ZoneDraft } from './draft-zone.ts';
import { judgeCopy } from './judge-copy.ts';
import { judgeZone } from './judge-zone.ts';
import { addToPart, createPartWriter, describeForeign, finishPart, type RecordPart } from './record-part.ts';

/**
 * Builds the zone. The serial of its SOA is that of its primary, if it has one, or 0: whoever answers puts in the one of the
 * revision, so that a change elsewhere is none of this zone. `steeredNames` are the full names of the zone's services: they get nodes even without records,
 * which know their position in that list. `nestedZones` are the full names of other zones below this one. Problems carry JSON pointers relative to the zone, such as `/records/3/data/0`;
 * at most MAX_PROBLEMS.
 */
export function buildZone(
  head: ZoneHead,
  parts: readonly RecordPart[],
  steeredNames: readonly string[] = [],
  nestedZones: readonly string[] = [],
): Parsed<ZoneDraft> {
  const problems: Problem[] = [];
  const name = readName(head.name, '/name', problems);
  if (name === undefined) return { ok: false, problems };
  const own = readHead(head, problems);
  const steered = steeredNames
    .map((text) => readSteeredName(text, name, problems))
    .filter((each) => each !== undefined);
  const nested = nestedZones.map((text) => parseNameText(text)).filter((each) => each instanceof Uint8Array);
  const draft = draftZone(name, [own, ...parts], steered, nested, problems);
  const isWhole = parts.every(({ sources, stated }) => sources.length === stated);
  if (head.primaries === undefined) judgeZone(draft, problems, isWhole);
  else judgeCopy(draft, { isSignedHere: head.dnssec !== undefined, hasServices: steeredNames.length > 0 }, problems);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  return { ok: true, value: draft };
}

/** The SOA and the NS records of the apex. */
function readHead(head: ZoneHead, problems: Problem[]): RecordPart {
  const writer = createPartWriter(2);
  const apex = new Uint8Array(0);
  const soa = composeSoa(head, problems);
  if (soa !== undefined) addToPart(writer, SOURCE_SOA, apex, 0, TYPE_SOA, head.soa.ttlSeconds, [soa]);
  const servers = head.ns
    .map((name, index) => readName(name, `/ns/${index}`, problems))
    .filter((name) => name !== undefined);
  if (head.ns.length === 0 && head.primaries === undefined)
    problems.push({ path: '/ns', message: 'The zone has no name server: list at least one.' });
  if (servers.length > 0) addToPart(writer, SOURCE_NS, apex, 0, TYPE_NS, head.nsTtlSeconds, servers);
  return finishPart(writer, 0);
}

/** RFC 1035 section 3.3.13. The model's names are absolute without their final dot. */
function composeSoa({ soa, copy }: ZoneHead, problems: Problem[]): Uint8Array | undefined {
  const mname = readName(soa.mname, '/soa/mname', problems);
  const rname = readName(soa.rname, '/soa/rname', problems);
  if (mname === undefined || rname === undefined) return undefined;
  const data = new Uint8Array(mname.length + rname.length + 20);
  data.set(mname);
  data.set(rname, mname.length);
  const view = new DataView(data.buffer, mname.length + rname.length);
  const numbers = [copy?.serial ?? 0, soa.refreshSeconds, soa.retrySeconds, soa.expireSeconds, soa.minimumSeconds];
  for (const [index, number] of numbers.entries()) view.setUint32(4 * index, number);
  return data;
}

function readSteeredName(text: string, zone: Uint8Array, problems: Problem[]): Uint8Array | undefined {
  const name = readName(text, '', problems);
  if (name === undefined || isSubdomain(name, zone)) return name;
  problems.push({ path: '', message: describeForeign(text) });
  return undefined;
}

/** Lower case; every name of the model is absolute. */
function readName(text: string, path: string, problems: Problem[]): Uint8Array | undefined {
  const name = parseNameText(text);
  if (name instanceof Uint8Array) return lowerCaseName(name);
  problems.push({ path, message: `${name.problem}.` });
  return undefined;
}

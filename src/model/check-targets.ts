// Where records lead: name servers, mail exchangers and servers of services may not be aliases (RFC 2181 section 10.3, RFC 2782),
// whichever of our zones or services makes them one, and a name may have lost its last dot. That a name has no address is no
// fault here: others may add it, before or after. (An alias in the same zone is found by zone/judge-zone.ts.)

import { endsInDot, isWithin, listAncestors, parseOwner } from './name.ts';
import type { Located } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import type { RecordSet } from './zone.ts';

/** What is at a name: its records, each with its place. */
export type ListRecords = (name: string) => readonly Located<RecordSet>[] | undefined;

/** What the check needs to know of everything that there is. */
export type TargetContext = {
  /** The zone of the records, and how to find what any of our zones has at a name of its own. */
  readonly zone: string;
  readonly recordsAt: ListRecords;
  /** Of a service that hands out CNAMEs, such a cluster. */
  readonly aliasClusterOf: (service: string) => string | undefined;
  readonly report: Report;
};

/** Position of the name in the data. */
const NAME_POSITIONS: ReadonlyMap<string, number> = new Map([
  ['NS', 0],
  ['MX', 1],
  ['SRV', 3],
  ['CNAME', 0],
  ['DNAME', 0],
]);
/** Those may lead to an alias. */
const ALIASES: ReadonlySet<string> = new Set(['CNAME', 'DNAME']);

export function checkTargets({ path, value }: Located<RecordSet>, context: TargetContext): void {
  const position = NAME_POSITIONS.get(value.type);
  if (position === undefined) return;
  const { zone, report } = context;
  for (const [index, data] of value.data.entries()) {
    const text = data.trim().split(/\s+/)[position] ?? '';
    if (ALIASES.has(value.type) && endsInDot(text)) continue;
    // A target of "." says that there is none.
    const read = endsInDot(text) ? parseOwner(text) : parseOwner(`${text}.${zone}`);
    if (text === '.' || !read.ok || data.trim().startsWith('\\#')) continue;
    const fault = describeDot(text, read.name, context) ?? describeAlias(value.type, read.name, context);
    if (fault !== undefined) report(joinPointer(joinPointer(path, 'data'), index), fault);
  }
}

/** `mail.example.com` in the zone example.com is relative to it, unless it ends in a dot. */
function describeDot(text: string, name: string, { zone, recordsAt }: TargetContext): string | undefined {
  const isWhole = !endsInDot(text) && isWithin(text.toLowerCase(), zone);
  if (!isWhole || recordsAt(name) !== undefined) return undefined;
  return `${name} does not exist: a name without a last dot is relative to the zone. Write ${text}. instead.`;
}

function describeAlias(type: string, name: string, context: TargetContext): string | undefined {
  if (ALIASES.has(type)) return undefined;
  const { zone, recordsAt, aliasClusterOf } = context;
  const cluster = aliasClusterOf(name);
  if (cluster !== undefined) {
    return `${name} may be answered with a CNAME record, by the cluster "${cluster}", which ${type} may not point to: name what it stands for.`;
  }
  const cname = recordsAt(name)?.find((record) => record.value.type === 'CNAME');
  if (cname !== undefined && !isWithin(name, zone)) {
    return `${name} is an alias (CNAME, at ${cname.path}), which ${type} may not point to: name what it stands for.`;
  }
  for (const above of listAncestors(name).slice(1)) {
    const dname = recordsAt(above)?.find((record) => record.value.type === 'DNAME');
    if (dname === undefined) continue;
    return `${name} stands below a DNAME, at ${dname.path}, which makes an alias of it that ${type} may not point to: name what it stands for.`;
  }
  return undefined;
}

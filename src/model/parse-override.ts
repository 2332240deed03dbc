// Overrides: document to model.

import type { Override, OverrideDocument } from './override.ts';
import { checkReference, type ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';

const KIND_NAMES = { regions: 'region', clusters: 'cluster', endpoints: 'endpoint' } as const;

/** ISO 8601 with seconds optional and an offset required: without one the moment would depend on who reads it. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Undefined when a problem was reported. */
export function parseOverride(document: OverrideDocument, path: string, context: ParseContext): Override | undefined {
  const { kind, id, state, reason, author, expiresAt } = document;
  const isKnown = checkOverrideId(kind, id, joinPointer(path, 'id'), context);
  if (expiresAt === undefined) return isKnown ? { kind, id, state, reason, author } : undefined;
  const expiresAtMs = MOMENT.test(expiresAt) ? Date.parse(expiresAt) : Number.NaN;
  if (Number.isNaN(expiresAtMs)) {
    const advice = 'write it in ISO 8601 with its offset from UTC, for example "2026-01-31T18:00:00Z"';
    context.report(joinPointer(path, 'expiresAt'), `"${expiresAt}" is no moment: ${advice}.`);
    return undefined;
  }
  return isKnown ? { kind, id, state, reason, author, expiresAtMs } : undefined;
}

function checkOverrideId(kind: Override['kind'], id: string, path: string, context: ParseContext): boolean {
  if (kind === 'endpoints' && !id.includes('/')) {
    context.report(path, `"${id}" names no endpoint: write cluster/endpoint, for example web-eu/a.`);
    return false;
  }
  // Where the kind itself is wrong, what the id should name is unknown.
  const kindPath = path.replace(/id$/, 'kind');
  const report: Report = (at, message, because = []) => context.report(at, message, [...because, kindPath]);
  return checkReference(report, path, KIND_NAMES[kind], id, context.declared[kind]);
}

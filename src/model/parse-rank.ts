// The rank of a service: document to model. A list that names no order for the clusters that no match named ends with
// proximity; fences end the list of those alone whom they match, so the others still need that order.

import { formatPrefix, maskPrefix, parsePrefix } from './address.ts';
import { suggestNearest } from './nearest.ts';
import { checkUnique } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import { readShare } from './scalar.ts';
import type { Match, RankRule, RankRuleDocument, ServiceDocument } from './service.ts';

type MatchRuleDocument = Extract<RankRuleDocument, { match: unknown }>;
type OrderRuleDocument = Exclude<RankRuleDocument, MatchRuleDocument>;

/** Undefined when a problem was reported. */
export function parseRank(
  { rank = [], clusters }: ServiceDocument,
  path: string,
  report: Report,
): readonly RankRule[] | undefined {
  const parsed = rank.map((document, index) => {
    const at = joinPointer(path, index);
    return 'match' in document ? parseMatchRule(document, clusters, at, report) : parseOrderRule(document, at, report);
  });
  const orderAt = rank.findIndex((document) => 'by' in document);
  if (orderAt >= 0 && orderAt < rank.length - 1) {
    const message =
      'the rule before puts all clusters in order, so this one is never reached: move it up, or take it out.';
    report(joinPointer(path, orderAt + 1), message, [joinPointer(joinPointer(path, orderAt), 'by')]);
  }
  const rules = parsed.filter((rule) => rule !== undefined);
  if (rules.length < parsed.length) return undefined;
  return orderAt >= 0 ? rules : [...rules, { kind: 'proximity', tolerance: 0 }];
}

function parseOrderRule({ by, tolerance }: OrderRuleDocument, path: string, report: Report): RankRule | undefined {
  const at = joinPointer(path, 'tolerance');
  if (by === 'priority') {
    if (tolerance !== undefined)
      report(at, 'priority knows no tolerance: take it out, or rank by proximity.', [`${path}/by`]);
    return { kind: 'priority' };
  }
  const share = readShare(tolerance ?? 0);
  if (share !== undefined) return { kind: 'proximity', tolerance: share };
  report(at, `must be a percentage from "0%" to "100%", or a number from 0 to 1, not ${JSON.stringify(tolerance)}.`);
  return undefined;
}

function parseMatchRule(
  { match: document, use, fence = false }: MatchRuleDocument,
  clusters: readonly string[],
  path: string,
  report: Report,
): RankRule | undefined {
  const matchPath = joinPointer(path, 'match');
  const usePath = joinPointer(path, 'use');
  const clustersPath = path.replace(/\/rank\/\d+$/, '/clusters');
  const located = use.map((value, index) => ({ path: joinPointer(usePath, index), value }));
  for (const { path: at, value } of located) {
    if (clusters.includes(value)) continue;
    const ending = suggestNearest(value, clusters) || ': add it there, or take it out here.';
    report(at, `"${value}" is not among the clusters of this service${ending}`, [clustersPath]);
  }
  checkUnique(report, located, 'cluster');
  const match: Match = {
    ...(document.cidr && { cidr: parseValues(document.cidr, joinPointer(matchPath, 'cidr'), parseCidr, report) }),
    ...(document.country && {
      country: parseValues(document.country, joinPointer(matchPath, 'country'), parseCountry, report),
    }),
    ...(document.subdivision && {
      subdivision: parseValues(document.subdivision, joinPointer(matchPath, 'subdivision'), parseSubdivision, report),
    }),
    ...(document.continent && {
      continent: parseValues(document.continent, joinPointer(matchPath, 'continent'), parseContinent, report),
    }),
  };
  if (Object.keys(match).length === 0) {
    report(matchPath, 'matches by nothing: give at least one of cidr, country, subdivision, continent.');
    return undefined;
  }
  return { kind: 'match', match, use, fence };
}

type ParsedValue = { readonly value: string } | { readonly fault: string };

/** The values that are right; the others are reported. */
function parseValues(
  texts: readonly string[],
  path: string,
  parse: (text: string) => ParsedValue,
  report: Report,
): readonly string[] {
  const values: string[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parse(text);
    if ('value' in parsed) values.push(parsed.value);
    else report(joinPointer(path, index), `"${text}" ${parsed.fault}.`);
  }
  return values;
}

function parseCidr(text: string): ParsedValue {
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    return { fault: 'is no prefix: write an address and a length, such as 10.0.0.0/8 or 2001:db8::/32' };
  }
  const written = formatPrefix(prefix);
  const masked = formatPrefix(maskPrefix(prefix));
  return written === masked ? { value: masked } : { fault: `has bits set behind its length: write ${masked}` };
}

function parseCountry(text: string): ParsedValue {
  return /^[A-Za-z]{2}$/.test(text)
    ? { value: text.toUpperCase() }
    : { fault: 'is no country: write its two letters (ISO 3166-1), such as IE' };
}

function parseSubdivision(text: string): ParsedValue {
  const match = /^([A-Za-z]{2})-([^\s].*)$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? { fault: 'is no subdivision: write the country, a hyphen and the subdivision, such as US-California or US-CA' }
    : { value: `${match[1].toUpperCase()}-${match[2]}` };
}

const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'];

function parseContinent(text: string): ParsedValue {
  const value = text.toUpperCase();
  return CONTINENTS.includes(value) ? { value } : { fault: `is no continent: write one of ${CONTINENTS.join(', ')}` };
}

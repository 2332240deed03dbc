// Regions and vantages: document to model.

import type { ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Location, LocationDocument, Region, RegionDocument } from './region.ts';
import type { Vantage, VantageDocument } from './vantage.ts';

/** Undefined when a problem was reported. */
export function parseRegion(document: RegionDocument, path: string, context: ParseContext): Region | undefined {
  const { id, name = id, bias = 0, state = 'enabled' } = document;
  const location = parseLocation(document.location, joinPointer(path, 'location'), context);
  return location && { id, name, location, bias, state };
}

/** Undefined when a problem was reported. */
export function parseVantage(document: VantageDocument, path: string, context: ParseContext): Vantage | undefined {
  const { id, group } = document;
  const named = { id, ...(group !== undefined && { group }) };
  if (document.location === undefined) return named;
  const location = parseLocation(document.location, joinPointer(path, 'location'), context);
  return location && { ...named, location };
}

function parseLocation(document: LocationDocument, path: string, context: ParseContext): Location | undefined {
  if (typeof document !== 'string') return document;
  const location = context.resolveLocation(document);
  if (location === undefined) {
    context.report(
      path,
      `nobody here knows where "${document}" is: write a reference such as aws:us-east-1, gcp:europe-west1, azure:westeurope or iata:SIN, or the coordinates as {latitude, longitude}.`,
    );
  }
  return location;
}

// The notations that several entities share: ids, durations, shares, lines of text. Each schema says what users may write;
// the function beside it reads what the schema let through. A schema's title and examples are what the problems quote.

import { type Static, type TSchemaOptions, Type } from 'typebox';
import { MAX_DURATION_MS, parseDuration } from './duration.ts';
import { MAX_NAME_TEXT_LENGTH, MAX_TEXT_LENGTH } from './limits.ts';

export const IdSchema = Type.String({
  title: 'an id of lower-case letters, digits and hyphens, at most 63, not beginning with a hyphen',
  examples: ['eu-west'],
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
});

export function durationSchema(options: TSchemaOptions) {
  return Type.Union([Type.String({ maxLength: 32 }), Type.Number({ minimum: 0 })], {
    title: 'a duration: a number with ms, s, m, h or d, or a plain number of seconds',
    examples: ['5s', '200ms', 5],
    ...options,
  });
}
export type DurationDocument = Static<ReturnType<typeof durationSchema>>;

/** Milliseconds; undefined when it is no duration. A plain number counts seconds. */
export function readDurationMs(document: DurationDocument): number | undefined {
  if (typeof document === 'string') return parseDuration(document);
  // As nearly all are written: no text is made of it to be read again.
  if (Number.isInteger(document))
    return document >= 0 && document <= MAX_DURATION_MS / 1000 ? document * 1000 : undefined;
  return parseDuration(`${document}s`);
}

/** Whole seconds; undefined when it is no duration or has a fraction of a second (DNS counts whole ones). */
export function readSeconds(document: DurationDocument): number | undefined {
  const durationMs = readDurationMs(document);
  return durationMs === undefined || durationMs % 1000 !== 0 ? undefined : durationMs / 1000;
}

export function shareSchema(options: TSchemaOptions) {
  return Type.Union([Type.String({ maxLength: 16 }), Type.Number({ minimum: 0, maximum: 1 })], {
    title: 'a share: a percentage, or a number from 0 to 1',
    examples: ['5%', 0.05],
    ...options,
  });
}
export type ShareDocument = Static<ReturnType<typeof shareSchema>>;

/** 0..1; undefined when it is no share. */
export function readShare(document: ShareDocument): number | undefined {
  if (typeof document === 'number') return document;
  const match = /^(\d{1,3}(?:\.\d{1,6})?)\s?%$/.exec(document);
  const share = match === null ? undefined : Number(match[1]) / 100;
  return share !== undefined && share <= 1 ? share : undefined;
}

/** Free text for people: printable, one line. */
export function textSchema(options: TSchemaOptions) {
  return Type.String({
    title: `one line of text, at most ${MAX_TEXT_LENGTH} characters`,
    minLength: 1,
    maxLength: MAX_TEXT_LENGTH,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    ...options,
  });
}

/** Read by `parseAddress` in address.ts, which says what is wrong with one. */
export function addressSchema(options: TSchemaOptions) {
  return Type.String({
    title: 'an IPv4 or IPv6 address',
    examples: ['192.0.2.1', '2001:db8::1'],
    maxLength: 64,
    ...options,
  });
}

/** Read by `parseName` in name.ts, which says what is wrong with one. */
export function nameSchema(options: TSchemaOptions) {
  return Type.String({ title: 'a DNS name', minLength: 1, maxLength: MAX_NAME_TEXT_LENGTH, ...options });
}

// Collections by pages. A cursor names the last item that was shown, so that items which come or go meanwhile shift nothing.

import { Type } from 'typebox';
import { refuse } from './api-error.ts';

export const MAX_PAGE_SIZE = 1_000;
const DEFAULT_PAGE_SIZE = 100;
const MAX_CURSOR_LENGTH = 2_048;

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE, description: 'Items of one page.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: MAX_CURSOR_LENGTH,
      description: 'The `next` of the page before; absent: the first page.',
    }),
  ),
};

export type PageRequest = { readonly limit?: number; readonly cursor?: string };

export type Page<Item> = {
  readonly items: readonly Item[];
  /** The cursor of the next page; absent on the last. */
  readonly next?: string;
};

/** Items in the order of their keys, from behind the cursor. */
export function cutPage<Item>(items: readonly Item[], keyOf: (item: Item) => string, request: PageRequest): Page<Item> {
  const { limit = DEFAULT_PAGE_SIZE, cursor } = request;
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  const behind = after === undefined ? keyed : keyed.filter(({ key }) => key > after);
  const sorted = behind.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const shown = sorted.slice(0, limit);
  const last = shown.at(-1);
  const next = sorted.length > limit && last !== undefined ? { next: writeCursor(last.key) } : {};
  return { items: shown.map(({ item }) => item), ...next };
}

export function writeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

/** The key in a cursor. Throws MALFORMED for what is none of ours. */
export function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (writeCursor(key) === cursor) return key;
  const fault = {
    in: 'query',
    pointer: '/cursor',
    detail: 'is no cursor: take the "next" of the page before',
  } as const;
  throw refuse('MALFORMED', 'The cursor is none of ours.', [fault]);
}

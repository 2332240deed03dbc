// The fields that data of a record type has, in the order of the wire, which is also that of the text.

import type { Field } from '../field.ts';
import { domainName } from '../fields/names.ts';
import { characterStrings } from '../fields/strings.ts';

export type Layout = {
  readonly fields: readonly Field[];
  /** Shown in problems. */
  readonly example: string;
};

/** Number of the type, and its layout. */
export type LayoutEntry = readonly [type: number, layout: Layout];

export function layout(example: string, ...fields: readonly Field[]): Layout {
  return { fields, example };
}

export const oneName = (name: string, example: string): Layout => layout(example, domainName(name));

export const someText = (example = '"some text" "and more of it"'): Layout => layout(example, characterStrings);

// A revision as whoever commits knows it: what its objects say, read once.

import { parseTokens, type TokenRecord } from '../api/token.ts';
import type { Keyring } from '../dnssec/keyring.ts';
import type { ConfigurationDocument } from '../model/configuration.ts';
import { type Copy, readCopies } from '../model/copies.ts';
import { joinObjects, splitObjects } from '../model/objects.ts';
import type { Parsed } from '../model/problem.ts';
import type { Revision } from '../model/revision.ts';
import { checkDocument } from './check-document.ts';
import { readKeyrings } from './keyrings.ts';
import { textOf, textsOf } from './revision-texts.ts';

export type Known = {
  readonly revision: Revision;
  readonly document: ConfigurationDocument;
  readonly tokens: readonly TokenRecord[];
  readonly keyrings: ReadonlyMap<string, Keyring>;
  readonly copies: ReadonlyMap<string, Copy>;
};

/** The object of the manifest that holds the tokens. */
export const TOKENS_OBJECT = 'tokens';

/** What it says, or why this version cannot read it. */
export function understand(revision: Revision): Parsed<Known> {
  const document = joinObjects(textsOf(revision));
  if (!document.ok) return document;
  const tokens = textOf(revision, TOKENS_OBJECT);
  return {
    ok: true,
    value: {
      revision,
      document: document.value,
      tokens: tokens === undefined ? [] : parseTokens(tokens),
      keyrings: readKeyrings(textsOf(revision)),
      copies: readCopies(textsOf(revision)),
    },
  };
}

/** What a writer makes of documents and revisions. */
export type Reading = {
  readonly check: typeof checkDocument;
  readonly split: typeof splitObjects;
  readonly understand: typeof understand;
};

/** Nothing of it is kept. */
export const READ_ANEW: Reading = { check: checkDocument, split: splitObjects, understand };

// What a revision says, once its texts are understood: the configuration, and what stands beside it in the manifest.

import { createUnavailableError, type UnavailableError } from '../api/ports.ts';
import { parseTokens, type TokenRecord } from '../api/token.ts';
import type { Keyring } from '../dnssec/keyring.ts';
import type { ConfigurationDocument } from '../model/configuration.ts';
import { type Copy, readCopies } from '../model/copies.ts';
import { joinObjects } from '../model/objects.ts';
import { formatProblem, type Parsed, type Problem } from '../model/problem.ts';
import { formatRevisionId, type Revision } from '../model/revision.ts';
import { readKeyrings } from './keyrings.ts';
import { textOf, textsOf } from './revision-texts.ts';

/** The object of the manifest that holds the tokens. */
export const TOKENS_OBJECT = 'tokens';

export type Known = {
  readonly revision: Revision;
  readonly document: ConfigurationDocument;
  readonly tokens: readonly TokenRecord[];
  readonly keyrings: ReadonlyMap<string, Keyring>;
  readonly copies: ReadonlyMap<string, Copy>;
};

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

export function describeUnreadable({ manifest }: Revision, problems: readonly Problem[]): UnavailableError {
  const id = formatRevisionId(manifest.id);
  return createUnavailableError(`Revision ${id} cannot be read: ${problems.map(formatProblem).join(' ')}`);
}

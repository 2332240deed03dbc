// A revision: one committed configuration, content-addressed like a git commit. The manifest names objects by the
// SHA-256 of their text; (generation, number) orders revisions and never goes backwards on any node.

export type RevisionId = { readonly generation: number; readonly number: number };

export type Manifest = {
  readonly id: RevisionId;
  /** The revision that this one replaced; null for the first of an empty store. */
  readonly parent: RevisionId | null;
  readonly author: string;
  readonly message: string;
  readonly createdAtMs: number;
  /** Object name (`regions`, `zones/gtm.example.com`, `tokens` …) to lower-case hex SHA-256 of its text. */
  readonly objects: Readonly<Record<string, string>>;
};

/** A manifest with the text of all its objects, by hash: all that is needed to serve it. */
export type Revision = { readonly manifest: Manifest; readonly objects: ReadonlyMap<string, string> };

/** Negative when `a` is older than `b`, 0 when they are the same, positive when `a` is newer. */
export function compareRevisionIds(a: RevisionId, b: RevisionId): number {
  return a.generation - b.generation || a.number - b.number;
}

/** `generation.number`, e.g. `1.42`. */
export function formatRevisionId(id: RevisionId): string {
  return `${id.generation}.${id.number}`;
}

const REVISION_ID = /^(\d{1,10})\.(\d{1,10})$/;

/** Inverse of `formatRevisionId`; undefined for anything else. */
export function parseRevisionId(text: string): RevisionId | undefined {
  const match = REVISION_ID.exec(text);
  return match ? { generation: Number(match[1]), number: Number(match[2]) } : undefined;
}

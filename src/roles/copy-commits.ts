// Commits copies of zones, those of many zones that came at the same time in one revision: after the start of a node there
// may be thousands.

import type { ConfigurationWriter } from '../api/ports.ts';
import type { Copy } from '../model/copies.ts';

export type CopyEdit = {
  readonly zone: string;
  /** One line for the history. */
  readonly message: string;
  /** From the copy that is there to the one that is to be; undefined: nothing is to be changed. */
  readonly edit: (before: Copy | undefined) => Copy | undefined;
};

/** `unchanged`: nothing was to be changed. `failed`: nothing was. */
export type CopyCommit =
  | { readonly status: 'committed'; readonly copy: Copy }
  | { readonly status: 'unchanged' }
  | { readonly status: 'failed'; readonly reason: string };

type Writer = Pick<ConfigurationWriter, 'read' | 'commitCopies'>;
type Waiting = CopyEdit & { readonly settle: (commit: CopyCommit) => void };

const AUTHOR = 'azimuth';
const MAX_TOGETHER = 256;
const MAX_TRIES = 5;
const MAX_MESSAGES = 3;
const UNCHANGED: CopyCommit = { status: 'unchanged' };

/** Returns what commits one edit, with those that wait for their turn too. Never rejects. */
export function openCopyCommits(writer: Writer): (edit: CopyEdit) => Promise<CopyCommit> {
  const waiting: Waiting[] = [];
  let isWorking = false;
  return (edit) =>
    new Promise((settle) => {
      waiting.push({ ...edit, settle });
      if (!isWorking) void work();
    });

  async function work(): Promise<void> {
    isWorking = true;
    while (waiting.length > 0) await commitTogether(writer, waiting.splice(0, MAX_TOGETHER));
    isWorking = false;
  }
}

async function commitTogether(writer: Writer, edits: readonly Waiting[]): Promise<void> {
  try {
    await tryTogether(writer, edits);
  } catch (error) {
    fail(edits, error instanceof Error ? error.message : String(error));
  }
}

async function tryTogether(writer: Writer, edits: readonly Waiting[]): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await writer.read();
    if (current === undefined) return fail(edits, 'there is no configuration yet');
    const made = edits.map((each) => ({ ...each, copy: each.edit(current.copies.get(each.zone)) }));
    const copies = made.flatMap(({ copy }) => copy ?? []);
    for (const { copy, settle } of made) if (copy === undefined) settle(UNCHANGED);
    if (copies.length === 0) return;
    const message = describe(made.flatMap((each) => (each.copy === undefined ? [] : [each.message])));
    const outcome = await writer.commitCopies({ expected: current.id, author: AUTHOR, message, copies });
    if (outcome.status === 'conflict') continue;
    if (outcome.status === 'invalid' && copies.length > 1) {
      // One that cannot be served must not keep the others from it.
      for (const each of edits) await commitTogether(writer, [each]);
      return;
    }
    if (outcome.status === 'invalid') return fail(edits, outcome.problems.map((problem) => problem.message).join(' '));
    if (outcome.status === 'unavailable') return fail(edits, outcome.message);
    for (const { copy, settle } of made) if (copy !== undefined) settle({ status: 'committed', copy });
    return;
  }
  fail(edits, 'others changed the configuration all the time');
}

/** Whoever has been told something already hears nothing of it. */
function fail(edits: readonly Waiting[], reason: string): void {
  for (const { settle } of edits) settle({ status: 'failed', reason });
}

function describe(messages: readonly string[]): string {
  const more = messages.length > MAX_MESSAGES ? `; and ${messages.length - MAX_MESSAGES} more` : '';
  return `${messages.slice(0, MAX_MESSAGES).join('; ')}${more}`;
}

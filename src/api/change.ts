// One change of the configuration, from what is there to what shall be: read, edit, commit by compare-and-set. When
// somebody else was faster, the edit is made anew on what they left, with its precondition checked anew: so writers of
// different things never disturb each other, and of two who write the same thing the second is told.

import type { FastifyRequest } from 'fastify';
import { type Change, diffDocuments } from '../model/diff-documents.ts';
import { type Draft, keyOfItem, LISTS, listItems, normalizeKey } from '../model/edit-document.ts';
import { splitPointer } from '../model/pointer.ts';
import type { Problem } from '../model/problem.ts';
import { formatRevisionId, type RevisionId } from '../model/revision.ts';
import { type Fault, refuse } from './api-error.ts';
import { callerOf } from './authorize.ts';
import type { CommitOptions, CommitOutcome, ConfigurationWriter, CurrentConfiguration } from './ports.ts';
import { listFaults, summarize } from './validation.ts';

/** Times that a change which lost a race against another process is made anew. */
export const MAX_TRIES = 6;
/** Changes that wait for their turn in this process. */
export const MAX_WAITING_CHANGES = 1_000;
/** Before the second try, and twice as long before each further one, give or take a half. */
const FIRST_PAUSE_MS = 5;

export const MESSAGE_HEADER = 'azimuth-message';
export const REVISION_HEADER = 'azimuth-revision';

/** What a change makes of the configuration. */
export type Edit = {
  readonly draft: Draft;
  /** Pointer to what the body of the request became: problems below it are told as faults of the body. */
  readonly bodyAt?: string;
  /** Where in the body the thing at a pointer below `bodyAt` stands, in words, when the body is no JSON. */
  readonly placeInBody?: (pointer: string) => string | undefined;
};

export type ChangeRequest = {
  readonly request: FastifyRequest;
  readonly dryRun: boolean;
  /** One line, for the history: `put regions/eu-west`. */
  readonly message: string;
  /** The new revision is to be newer than this one, too. */
  readonly above?: RevisionId | undefined;
  /** The key of what the change takes away: what it breaks are references to that. */
  readonly takesAway?: string;
  /** Throws an ApiError, made by `refuse`, where a precondition fails. */
  readonly edit: (current: CurrentConfiguration) => Edit;
};

export type Changed = {
  /** The revision that holds the change: a new one, or the present one where nothing changes; of a dry run, what it would be. */
  readonly revision: RevisionId;
  readonly draft: Draft;
  readonly changes: readonly Change[];
  readonly dryRun: boolean;
};

export type ChangeDesk = {
  change(change: ChangeRequest): Promise<Changed>;
  /** The same loop for what is no part of the document. `commit` is called with what is there now. */
  commitInTurn(commit: (current: CurrentConfiguration) => Promise<CommitOutcome>): Promise<RevisionId>;
};

export function openChangeDesk(writer: ConfigurationWriter): ChangeDesk {
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** In this process changes queue up: the compare-and-set then decides between processes only. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (waiting >= MAX_WAITING_CHANGES) throw refuse('OVERLOADED', `${waiting} changes wait already.`);
    waiting++;
    const done = turn.then(work).finally(() => {
      waiting--;
    });
    turn = done.catch(() => undefined);
    return done;
  }

  async function commitInTurn(commit: (current: CurrentConfiguration) => Promise<CommitOutcome>): Promise<RevisionId> {
    return inTurn(async () => {
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        const outcome = await commit(await readCurrent(writer));
        if (outcome.status === 'unavailable') throw refuse('UNAVAILABLE', outcome.message);
        if (outcome.status === 'invalid') throw refuse('INVALID', summarize(outcome.problems));
        if (outcome.status !== 'conflict') return outcome.id;
        await pause(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random()));
      }
      throw refuse('CONFLICT', `The change was tried ${MAX_TRIES} times, and others were faster each time. Repeat it.`);
    });
  }

  async function change({ request, dryRun, message, above, takesAway, edit }: ChangeRequest): Promise<Changed> {
    const author = callerOf(request).name;
    let made: { readonly before: Draft; readonly edit: Edit } | undefined;
    const revision = await commitInTurn(async (current) => {
      const edited = edit(current);
      made = { before: current.document, edit: edited };
      const words = { author, message: readMessage(request) ?? message };
      const options: CommitOptions = { expected: current.id, ...words, above, dryRun };
      const outcome = await writer.commit({ document: edited.draft, ...options });
      if (outcome.status === 'invalid') throw refuseInvalid(outcome.problems, edited, takesAway);
      return outcome;
    });
    if (made === undefined) throw new Error('a change ended without having been made');
    const changes = diffDocuments(made.before, made.edit.draft);
    return { revision, draft: made.edit.draft, changes, dryRun };
  }

  return { change, commitInTurn };
}

/** The configuration to show or to change. Throws NOT_READY when there is none. */
export async function readCurrent(writer: Pick<ConfigurationWriter, 'read'>): Promise<CurrentConfiguration> {
  const current = await writer.read();
  if (current === undefined) throw refuse('NOT_READY', 'The store holds no configuration yet: import one at start.');
  return current;
}

/** What a dry run answers, and what a change of several things answers. */
export function describeChange({ revision, changes, dryRun }: Changed) {
  return { dryRun, revision: formatRevisionId(revision), changes };
}

function refuseInvalid(problems: readonly Problem[], edit: Edit, takenAway: string | undefined) {
  if (takenAway !== undefined) return refuseInUse(problems, edit.draft, takenAway);
  const faults = problems.map((problem) => locateFault(problem, edit));
  return refuse('INVALID', summarize(problems), faults);
}

/** That the thing is missing is true only of the draft: to whoever deletes it, what matters is who still needs it. */
function refuseInUse(problems: readonly Problem[], draft: Draft, takenAway: string) {
  const told = problems.map(({ path, message }) => {
    const referrer = nameReferrer(draft, path, takenAway);
    return { path, message: referrer === undefined ? message : `${referrer} refers to it.`, referrer };
  });
  const summary = summarize(told.map(({ path, message, referrer }) => ({ path: referrer ? '' : path, message })));
  return refuse('IN_USE', summary, listFaults('configuration', told));
}

/** `clusters/web-north`, when what stands at the pointer is this key, or something within what had it. */
function nameReferrer(draft: Draft, path: string, key: string): string | undefined {
  const [listName, index, ...inner] = splitPointer(path);
  const list = LISTS.find((name) => name === listName);
  const item = list === undefined ? undefined : listItems(draft, list)[Number(index)];
  if (list === undefined || item === undefined) return undefined;
  const value = inner.reduce<unknown>((around, name) => readProperty(around, name), item);
  if (typeof value !== 'string') return undefined;
  const isReference = normalizeKey('zones', value) === key || value === key || value.startsWith(`${key}/`);
  return isReference ? `${list}/${keyOfItem(list, item) ?? index}` : undefined;
}

function readProperty(around: unknown, name: string): unknown {
  return typeof around === 'object' && around !== null
    ? Object.getOwnPropertyDescriptor(around, name)?.value
    : undefined;
}

function locateFault({ path, message }: Problem, { bodyAt, placeInBody }: Edit): Fault {
  if (bodyAt === undefined || !(path === bodyAt || path.startsWith(`${bodyAt}/`))) {
    return { in: 'configuration', pointer: path, detail: message };
  }
  const pointer = path.slice(bodyAt.length);
  const place = placeInBody?.(pointer);
  return place === undefined
    ? { in: 'body', pointer, detail: message }
    : { in: 'body', pointer: '', detail: `${place}: ${message}` };
}

/** The line that the caller wants to read in the history. */
function readMessage({ headers }: FastifyRequest): string | undefined {
  const text = headers[MESSAGE_HEADER];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[\x20-\x7e\u0080-\u00ff]{1,500}$/.test(text)) return text;
  const detail = 'must be one line of at most 500 characters';
  throw refuse('MALFORMED', `${MESSAGE_HEADER} ${detail}.`, [{ in: 'header', pointer: `/${MESSAGE_HEADER}`, detail }]);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

// The configuration store of a single process: the same promises as in Redis, kept by SQLite. The head is simply the newest
// manifest, for ids only grow.

import type { DatabaseSync } from 'node:sqlite';
import { compareRevisionIds, formatRevisionId, type Manifest, type RevisionId } from '../../model/revision.ts';
import { checkCommit } from '../check-commit.ts';
import {
  type CommitResult,
  type ConfigurationStore,
  MANIFEST_LIST_LIMIT,
  POLL_INTERVAL_MS,
  type Subscription,
} from '../configuration-store.ts';
import { composeManifest, parseManifest } from '../manifest-text.ts';
import { createStoreError, isStoreError } from '../store-error.ts';
import { mapDatabaseError } from './database.ts';

export type EmbeddedConfigurationOptions = { readonly file: string; readonly historyLimit: number };

export function createEmbeddedConfigurationStore(
  options: EmbeddedConfigurationOptions,
  database: DatabaseSync,
): Omit<ConfigurationStore, 'close'> & { stopFollowing(): void } {
  const { file, historyLimit } = options;
  const followers = new Map<() => void, Subscription>();
  const statements = prepareStatements(database);

  async function readHead(): Promise<RevisionId | undefined> {
    return use(() => findHead());
  }

  async function readManifest(id: RevisionId): Promise<Manifest | undefined> {
    const row = use(() => statements.manifest.get(id.generation, id.number));
    return row && readManifestText(String(row.text), file);
  }

  async function readObjects(hashes: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = use(() => hashes.map((hash) => [hash, statements.object.get(hash)?.text] as const));
    return new Map(rows.flatMap(([hash, text]) => (typeof text === 'string' ? [[hash, text]] : [])));
  }

  async function commit(manifest: Manifest, objects: ReadonlyMap<string, string>): Promise<CommitResult> {
    const given = checkCommit(manifest, objects);
    const text = composeManifest(manifest);
    const result = use(() => runTransaction(database, () => commitChecked(manifest, text, given)));
    if (result.status === 'committed') for (const wake of followers.keys()) wake();
    return result;
  }

  function commitChecked(manifest: Manifest, text: string, given: ReadonlyMap<string, string>): CommitResult {
    const { id, parent } = manifest;
    const head = findHead();
    const isHead = head && compareRevisionIds(head, id) === 0;
    if (isHead && statements.manifest.get(id.generation, id.number)?.text === text) return { status: 'committed' };
    const isFree = head && parent ? compareRevisionIds(head, parent) === 0 : !head && !parent;
    if (!isFree) return { status: 'conflict', head: head ?? null };

    for (const hash of new Set(Object.values(manifest.objects))) {
      const provided = given.get(hash);
      if (provided !== undefined) statements.addObject.run(hash, provided);
      else if (!statements.hasObject.get(hash)) {
        throw createStoreError('STORE_INCOMPLETE', `object ${hash} is neither given nor stored`);
      }
      statements.addName.run(id.generation, id.number, hash);
    }
    statements.addManifest.run(id.generation, id.number, text);
    dropOldRevisions();
    return { status: 'committed' };
  }

  function dropOldRevisions(): void {
    for (const { generation, number } of statements.surplus.all(historyLimit)) {
      if (generation === undefined || number === undefined) continue;
      statements.dropObjects.run(generation, number, generation, number);
      statements.dropNames.run(generation, number);
      statements.dropManifest.run(generation, number);
    }
  }

  async function listManifests(limit: number, before?: RevisionId): Promise<readonly Manifest[]> {
    const count = Math.max(0, Math.min(limit, MANIFEST_LIST_LIMIT));
    const { generation, number } = before ?? { generation: Number.MAX_SAFE_INTEGER, number: 0 };
    const rows = use(() => statements.list.all(generation, number, count));
    return rows.map((row) => readManifestText(String(row.text), file));
  }

  function followHead(listener: (head: RevisionId | undefined) => void, onError: (error: Error) => void): Subscription {
    let last: string | undefined;
    let isFailing = false;
    let pending: NodeJS.Immediate | undefined;
    let retry: NodeJS.Timeout | undefined;
    const schedule = (): void => {
      pending ??= setImmediate(deliver);
    };
    const subscription: Subscription = {
      close() {
        followers.delete(schedule);
        clearImmediate(pending);
        clearTimeout(retry);
      },
    };
    followers.set(schedule, subscription);
    schedule();
    return subscription;

    function deliver(): void {
      pending = undefined;
      clearTimeout(retry);
      const head = readHeadOr((error) => {
        if (!isFailing) onError(error);
      });
      isFailing = head === 'failed';
      if (head === 'failed') {
        last = undefined;
        retry = setTimeout(schedule, POLL_INTERVAL_MS).unref();
        return;
      }
      const text = head ? formatRevisionId(head) : '';
      if (text === last) return;
      last = text;
      listener(head);
    }
  }

  function stopFollowing(): void {
    for (const subscription of [...followers.values()]) subscription.close();
  }

  function readHeadOr(onError: (error: Error) => void): RevisionId | undefined | 'failed' {
    try {
      return use(() => findHead());
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      return 'failed';
    }
  }

  function findHead(): RevisionId | undefined {
    const row = statements.head.get();
    return row && { generation: Number(row.generation), number: Number(row.number) };
  }

  function use<Value>(run: () => Value): Value {
    if (!database.isOpen) throw createStoreError('STORE_CLOSED', 'the store is closed');
    try {
      return run();
    } catch (cause) {
      throw isStoreError(cause) ? cause : mapDatabaseError(cause, file);
    }
  }

  return { readHead, readManifest, readObjects, commit, listManifests, followHead, stopFollowing };
}

/** SQLite runs all of `run`, or, when it throws, nothing of it. */
function runTransaction<Value>(database: DatabaseSync, run: () => Value): Value {
  database.exec('BEGIN IMMEDIATE');
  try {
    const value = run();
    database.exec('COMMIT');
    return value;
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    head: database.prepare('SELECT generation, number FROM manifests ORDER BY generation DESC, number DESC LIMIT 1'),
    manifest: database.prepare('SELECT text FROM manifests WHERE generation = ? AND number = ?'),
    object: database.prepare('SELECT text FROM objects WHERE hash = ?'),
    hasObject: database.prepare('SELECT 1 FROM objects WHERE hash = ?'),
    list: database.prepare(
      'SELECT text FROM manifests WHERE (generation, number) < (?, ?) ORDER BY generation DESC, number DESC LIMIT ?',
    ),
    addObject: database.prepare('INSERT INTO objects VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text'),
    addName: database.prepare('INSERT INTO named VALUES (?, ?, ?)'),
    addManifest: database.prepare('INSERT INTO manifests VALUES (?, ?, ?)'),
    surplus: database.prepare(
      'SELECT generation, number FROM manifests ORDER BY generation DESC, number DESC LIMIT -1 OFFSET ?',
    ),
    dropObjects: database.prepare(`
      DELETE FROM objects WHERE hash IN (SELECT hash FROM named WHERE generation = ? AND number = ?)
      AND NOT EXISTS (
        SELECT 1 FROM named WHERE named.hash = objects.hash AND (named.generation, named.number) <> (?, ?)
      )`),
    dropNames: database.prepare('DELETE FROM named WHERE generation = ? AND number = ?'),
    dropManifest: database.prepare('DELETE FROM manifests WHERE generation = ? AND number = ?'),
  };
}

function readManifestText(text: string, file: string): Manifest {
  const manifest = parseManifest(text);
  if (!manifest) throw createStoreError('STORE_DAMAGED', `${file} holds a revision that is no manifest`);
  return manifest;
}

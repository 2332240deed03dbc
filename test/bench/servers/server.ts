// A server under test: a process of its own on a port of loopback, with one answering thread, the database and the data
// centres that all others have too.

import { spawnSync } from 'node:child_process';
import { findTool } from '../../../scripts/test-tools.ts';
import { tryAsk, waitUntil } from '../../support/dns-ask.ts';
import type { Processes, Running } from '../../support/processes.ts';
import { type DataCentre, STEERED_NAME } from '../bench-zone.ts';
import type { QueryKind } from '../compose-queries.ts';

export type ServerName = 'azimuth' | 'azimuth-dgram' | 'gdnsd' | 'knot' | 'powerdns' | 'dns2';

export type ServerSetup = {
  readonly processes: Processes;
  /** A city database of the GeoIP2 shape. */
  readonly database: string;
  readonly dataCentres: readonly DataCentre[];
  /** Words before the command, to keep it on one processor. */
  readonly prefix: readonly string[];
};

export type Server = {
  readonly name: ServerName;
  readonly port: number;
  readonly running: Running;
  /** From its start to its first steered answer. */
  readonly startedInMs: number;
};

export type ServerKind = {
  readonly name: ServerName;
  readonly label: string;
  /** What it steers by, for the reader of a table. */
  readonly steersBy: string;
  /** The program that must be installed; undefined: it comes with the project. */
  readonly command: string | undefined;
  /** The Debian packages that bring it. */
  readonly apt: string;
  /** What it can be asked. */
  readonly kinds: ReadonlySet<QueryKind>;
  readVersion(): string;
  start(setup: ServerSetup): Promise<Server>;
};

const ANSWER_LIMIT_MS = 60_000;
const ASK_TIMEOUT_MS = 50;
const ASK_EVERY_MS = 5;
/** A client in Frankfurt. */
const SUBNET = '141.2.0.0/24';
const VERSION_LIMIT_MS = 5000;

/** Resolves with the milliseconds until the server answers the steered name. @throws with what it said, if it does not. */
export async function waitForAnswer(running: Running, port: number): Promise<number> {
  const isAnswered = async () => {
    const question = { name: STEERED_NAME, subnet: SUBNET, timeoutMs: ASK_TIMEOUT_MS };
    return (await tryAsk({ host: '127.0.0.1', port }, question))?.data.length === 1;
  };
  const waiting = waitUntil(`${running.name} answers`, isAnswered, ANSWER_LIMIT_MS, ASK_EVERY_MS);
  const ended = running.exited.then(() => Promise.reject(new Error('it ended')));
  return Promise.race([waiting, ended]).catch((error: Error) => {
    throw new Error(`${running.name} does not answer: ${running.output().trim()}`, { cause: error });
  });
}

/** The path of an installed program. @throws when it is not. */
export function requireTool(command: string): string {
  const path = findTool(command);
  if (path === undefined) throw new Error(`${command} is not installed`);
  return path;
}

/** The first number with dots that a program says when it is asked for its version, whatever its exit code (gdnsd's is 2). */
export function askVersion(command: string, args: readonly string[]): string {
  const path = findTool(command);
  if (path === undefined) return 'not installed';
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', timeout: VERSION_LIMIT_MS });
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown version';
}

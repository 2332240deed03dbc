// Asks one primary about its zone, and makes a copy of what it sends.

import { setImmediate as giveWay } from 'node:timers/promises';
import type { Copy } from '../model/copies.ts';
import { type DnsServer, formatDnsServer } from '../model/dns-server.ts';
import type { FetchOutcome, FetchRequest } from '../replication/fetch-zone.ts';
import { applyChange, draftCopy, finishCopy, openCopy } from '../transfer/compose-copy.ts';
import { parseNameText } from '../wire/name.ts';
import type { TsigKey } from '../wire/tsig.ts';

export type AskDependencies = {
  readonly fetch: (request: FetchRequest) => Promise<FetchOutcome>;
  /** A TSIG key by its name, lower case. */
  readonly findKey: (name: string) => TsigKey | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
};

/** `held`: the copy that is there; `isWhole`: all of the zone is wanted, whatever its serial. */
export type Question = {
  readonly zone: string;
  readonly primary: DnsServer;
  readonly held: Copy | undefined;
  readonly isWhole: boolean;
  readonly signal: AbortSignal;
};

/** `failed`: nothing came; `refused`: what came is no zone. */
export type PrimaryAnswer =
  | { readonly status: 'current' }
  | { readonly status: 'whole' | 'changes'; readonly copy: Copy }
  | { readonly status: 'failed' | 'refused'; readonly reason: string };

export async function askPrimary(dependencies: AskDependencies, question: Question): Promise<PrimaryAnswer> {
  const { fetch, findKey } = dependencies;
  const { zone, primary, held, isWhole, signal } = question;
  const tsigKey = primary.key === undefined ? undefined : findKey(primary.key);
  if (primary.key !== undefined && tsigKey === undefined)
    return fail(`the key ${primary.key} is not in dns.tsig.keyFile`);
  const name = parseNameText(`${zone}.`);
  if (!(name instanceof Uint8Array)) return fail('the zone has no name that could be asked for');
  const request = { zone: name, primary, tsigKey, signal };
  const outcome = await fetch({ ...request, heldSerial: isWhole ? undefined : held?.head.serial });
  const answer = await read(question, outcome, dependencies.nowMs());
  if (answer !== undefined) return answer;
  const whole = await fetch({ ...request, heldSerial: undefined });
  return (await read(question, whole, dependencies.nowMs())) ?? fail('its changes do not fit its own zone');
}

/** Undefined where the changes do not fit what is held. */
async function read(
  { zone, primary, held }: Question,
  outcome: FetchOutcome,
  nowMs: number,
): Promise<PrimaryAnswer | undefined> {
  const facts = { primary: formatDnsServer(primary), nowMs };
  if (outcome.status === 'current') return outcome;
  if (outcome.status === 'failed') return fail(outcome.reason);
  if (outcome.status === 'behind')
    return fail(`it has the serial ${outcome.serial}, not newer than ${held?.head.serial}`);
  if (outcome.status === 'whole') {
    return finish(finishCopy(await inTurns(draftCopy(zone, outcome.records)), facts), 'whole');
  }
  if (held === undefined) return undefined;
  const draft = await inTurns(openCopy(held));
  if (!outcome.changes.every((change) => applyChange(draft, change))) return undefined;
  return finish(finishCopy(draft, facts), 'changes');
}

/** Everything else of the process goes on between two turns. */
async function inTurns<Result>(work: Generator<void, Result>): Promise<Result> {
  let turn = work.next();
  for (; turn.done !== true; turn = work.next()) await giveWay();
  return turn.value;
}

function finish(copy: Copy | string, status: 'whole' | 'changes'): PrimaryAnswer {
  return typeof copy === 'string' ? { status: 'refused', reason: copy } : { status, copy };
}

function fail(reason: string): PrimaryAnswer {
  return { status: 'failed', reason };
}

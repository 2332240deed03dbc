// Fetches a zone from its primary, as a secondary does (RFC 1034 section 4.3.5, RFC 5936, RFC 1995), over TCP: asks for the
// serial, then for the differences from the version that is held, then for the whole zone where there are none to be had.
// Whatever the primary does, the result is a value; what it sends is given when all of it is there, and verified.

import { randomInt } from 'node:crypto';
import type { DnsServer } from '../model/dns-server.ts';
import { readSoaAnswer } from '../transfer/check-response.ts';
import { createReceiver, receiveMessage } from '../transfer/receive-transfer.ts';
import { RECEIVE_LIMITS, type Received, type ReceiveEnd, type ReceiveLimits } from '../transfer/received.ts';
import { isNewerSerial } from '../transfer/serial.ts';
import { composeIxfr } from '../wire/compose-ixfr.ts';
import { composeQuery } from '../wire/compose-query.ts';
import { TYPE_AXFR, TYPE_SOA } from '../wire/record-types.ts';
import type { TsigKey } from '../wire/tsig.ts';
import { askSigned } from './ask-signed.ts';
import { PrimarySession, type SessionLimits } from './primary-session.ts';

export type FetchRequest = {
  /** Wire form, lower case. */
  readonly zone: Uint8Array;
  readonly primary: DnsServer;
  /** With one, every answer must verify; without, the address alone says who answers. */
  readonly tsigKey: TsigKey | undefined;
  /** Undefined: nothing is held. */
  readonly heldSerial: number | undefined;
  /** Ends it at once. */
  readonly signal: AbortSignal;
};

/** `reason`: a sentence for the log and the API. */
export type FetchOutcome = Received | { readonly status: 'failed'; readonly reason: string };

export type FetchLimits = SessionLimits & { readonly receive: ReceiveLimits };
export const FETCH_LIMITS: FetchLimits = {
  connectMs: 10_000,
  silenceMs: 30_000,
  wholeMs: 3_600_000,
  wireOctets: 1024 * 1024 * 1024,
  receive: RECEIVE_LIMITS,
};

/** Never rejects. */
export async function fetchZone(
  request: FetchRequest,
  { limits = FETCH_LIMITS }: { readonly limits?: FetchLimits } = {},
): Promise<FetchOutcome> {
  const session = new PrimarySession(request.primary, limits, request.signal);
  try {
    return await fetchOver(session, request, limits.receive);
  } catch (error) {
    return fail(`what the primary sends is not understood: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    session.close();
  }
}

async function fetchOver(session: PrimarySession, request: FetchRequest, limits: ReceiveLimits): Promise<FetchOutcome> {
  const { heldSerial } = request;
  const serial = await askSerial(session, request);
  if (typeof serial === 'string') return fail(serial);
  if (heldSerial !== undefined) {
    if (!isNewerSerial(serial, heldSerial)) return describeAge(serial, heldSerial);
    const changes = await transfer(session, request, heldSerial, limits);
    if (changes.status !== 'failed') return changes;
    if (!changes.mayAskForWhole) return fail(changes.reason);
    session.leaveConnection();
  }
  const whole = await transfer(session, request, undefined, limits);
  if (whole.status === 'failed') return fail(whole.reason);
  // Where several servers stand behind one address, one of them may be behind the others.
  const isOlder = whole.status === 'whole' && heldSerial !== undefined && !isNewerSerial(whole.serial, heldSerial);
  return isOlder ? describeAge(whole.serial, heldSerial) : whole;
}

function describeAge(serial: number, heldSerial: number): FetchOutcome {
  return serial === heldSerial ? { status: 'current' } : { status: 'behind', serial };
}

/** The serial that the primary has, or why it is not known. */
async function askSerial(session: PrimarySession, { zone, tsigKey }: FetchRequest): Promise<number | string> {
  const id = randomInt(65_536);
  const query = composeQuery({ id, name: zone, type: TYPE_SOA });
  const asked = await askSigned<number | string>(session, query, tsigKey, (message) => ({
    status: 'answered',
    value: readSoaAnswer(message, { id, zone, type: TYPE_SOA }),
  }));
  return asked.status === 'answered' ? asked.value : asked.reason;
}

type Transferred = Received | { readonly status: 'failed'; readonly reason: string; readonly mayAskForWhole: boolean };

/** The differences from `heldSerial`; the whole zone where that is undefined. */
async function transfer(
  session: PrimarySession,
  { zone, tsigKey }: FetchRequest,
  heldSerial: number | undefined,
  limits: ReceiveLimits,
): Promise<Transferred> {
  const id = randomInt(65_536);
  const query =
    heldSerial === undefined ? composeQuery({ id, name: zone, type: TYPE_AXFR }) : composeIxfr(id, zone, heldSerial);
  const receiver = createReceiver({ id, zone, heldSerial }, limits);
  const asked = await askSigned<ReceiveEnd>(session, query, tsigKey, (message, isVerified) => {
    const step = receiveMessage(receiver, message);
    if (step.status === 'more') return undefined;
    if (step.status === 'done' && !isVerified) return { status: 'broken', reason: UNSIGNED_END };
    return { status: 'answered', value: step };
  });
  // A primary that does not know IXFR may say so or hang up; what is silent, late or not signed as it must be stays so.
  if (asked.status !== 'answered') return { ...fail(asked.reason), mayAskForWhole: asked.status === 'closed' };
  const end = asked.value;
  return end.status === 'done' ? end.received : { ...end, mayAskForWhole: true };
}

const UNSIGNED_END = 'the last message of the transfer is not signed';

function fail(reason: string): { readonly status: 'failed'; readonly reason: string } {
  return { status: 'failed', reason };
}

// The icmp check over a socket that the test holds in its hand: which replies are believed, and what becomes of the socket.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeTarget, planChecks } from '../../../src/health/target.ts';
import {
  BATCH,
  KIND_ECHO,
  KIND_RAW_ECHO,
  type LoadedNative,
  type Native,
  PEER_ADDRESS,
  PEER_FAMILY,
  PEER_QUERY_LENGTH,
  PEER_WORDS,
} from '../../../src/native/load-native.ts';
import { createRunCheck } from '../../../src/probe/run-check.ts';
import { cluster, endpoint, TIMING } from '../health/fixtures.ts';

const STRIDE = 256;
/** Of checks that are answered: however busy the machine is. */
const TIMEOUT_MS = 10_000;
/** Of checks that are not. */
const SHORT_TIMEOUT_MS = 60;
const ID = 77;

type Refusal = Readonly<Record<number, string>>;

/** Sockets that keep what is sent. `refusals`: by kind, the code with which opening fails. */
function openWorld(refusals: Refusal = {}, sendError?: string) {
  const sent: Uint8Array[] = [];
  const opened: number[] = [];
  let closed = 0;
  let deliver = (_reply: Uint8Array, _address: number, _family = 4) => {};
  const fail = (code: string) => Object.assign(new Error(code), { code });
  const open: Native['open'] = (kind, _address, _port, _reusePort, _receiveBytes, _sendBytes, onBatch) => {
    const refusal = refusals[kind];
    if (refusal !== undefined) throw fail(refusal);
    opened.push(kind);
    const peers = new Uint32Array(BATCH * PEER_WORDS);
    const queries = new Uint8Array(BATCH * STRIDE);
    const answers = new Uint8Array(BATCH * STRIDE);
    deliver = (reply, address, family = 4) => {
      queries.set(reply);
      peers[PEER_FAMILY] = family;
      peers[PEER_ADDRESS] = address;
      peers[PEER_QUERY_LENGTH] = reply.length;
      onBatch(1);
    };
    return {
      peers,
      counts: new Uint32Array(5),
      queries,
      answers,
      port: ID,
      send(count) {
        if (sendError !== undefined) throw fail(sendError);
        sent.push(answers.slice(0, 16));
        return count;
      },
      close: () => void closed++,
    };
  };
  const loaded: LoadedNative = { ok: true, native: { open } };
  const runCheck = createRunCheck({ allowNetworks: [], loadSocket: () => loaded });
  return {
    sent,
    opened,
    closedCount: () => closed,
    deliver: (reply: Uint8Array, address: number, family?: number) => deliver(reply, address, family),
    check: (address: string, timeoutMs = TIMEOUT_MS) => {
      const plan = planChecks({ ...TIMING, timeoutMs, check: { type: 'icmp' } });
      const target = describeTarget(cluster('c', []), endpoint('a', address), plan);
      return runCheck(target, new AbortController().signal);
    },
  };
}

/** A global address, to which nothing is sent. */
const ADDRESS = '9.9.9.9';
const WORD = 0x09090909;

/** The reply to a request of IPv4, with some octets changed. */
function replyTo(request: Uint8Array | undefined, changes: Readonly<Record<number, number>> = {}): Uint8Array {
  assert.ok(request);
  const reply = request.slice();
  reply[0] = 0;
  for (const [at, by] of Object.entries(changes)) reply[Number(at)] = (reply[Number(at)] ?? 0) ^ by;
  return reply;
}

/** Until the check has sent. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the icmp check', () => {
  it('succeeds on the reply to its request, and lets go of the socket when nothing is under way', async () => {
    const { check, sent, deliver, opened, closedCount } = openWorld();
    const checks = [check(ADDRESS), check(ADDRESS)];
    await turn();
    deliver(replyTo(sent[0]), WORD);
    const first = await checks[0];
    assert.deepEqual([first?.ok, first?.reason, closedCount()], [true, 'the echo came back', 0]);
    deliver(replyTo(sent[1]), WORD);
    assert.equal((await checks[1])?.ok, true);
    assert.deepEqual([opened, closedCount()], [[KIND_ECHO], 1]);
    assert.notDeepEqual(sent[0]?.subarray(8), sent[1]?.subarray(8));
  });

  for (const [what, changes, word, family] of [
    ['another token', { 15: 1 }, WORD, 4],
    ['another id', { 5: 1 }, WORD, 4],
    ['another sequence', { 7: 1 }, WORD, 4],
    ['another address', {}, WORD + 1, 4],
    ['another family', {}, WORD, 6],
    ['a datagram that did not fit', {}, WORD, 0],
    ['a request', { 0: 8 }, WORD, 4],
  ] as const) {
    it(`does not believe ${what}`, async () => {
      const { check, sent, deliver } = openWorld();
      const checked = check(ADDRESS, SHORT_TIMEOUT_MS);
      await turn();
      deliver(replyTo(sent[0], changes), word, family);
      const { ok, reason } = await checked;
      assert.deepEqual([ok, reason], [false, 'timed out while waiting for the echo reply']);
    });
  }

  it('passes over a reply that comes late, or twice', async () => {
    const { check, sent, deliver } = openWorld();
    const late = check(ADDRESS, SHORT_TIMEOUT_MS);
    const other = check(ADDRESS);
    await turn();
    deliver(replyTo(sent[1]), WORD);
    deliver(replyTo(sent[1]), WORD);
    assert.equal((await other).ok, true);
    assert.equal((await late).ok, false);
    const next = check(ADDRESS, SHORT_TIMEOUT_MS);
    await turn();
    deliver(replyTo(sent[0]), WORD);
    assert.equal((await next).ok, false);
  });

  it('takes a raw socket where the other is not permitted, and reads behind the IP header there', async () => {
    const { check, sent, deliver, opened } = openWorld({ [KIND_ECHO]: 'EACCES' });
    const checked = check(ADDRESS);
    await turn();
    const header = Uint8Array.from({ length: 20 }, (_, at) => (at === 0 ? 0x45 : at === 9 ? 1 : 0));
    deliver(replyTo(sent[0]), WORD);
    deliver(Buffer.concat([header, replyTo(sent[0])]), WORD);
    assert.equal((await checked).ok, true);
    assert.deepEqual(opened, [KIND_RAW_ECHO]);
  });

  it('abstains where neither is permitted, or there is no batch socket, or this machine lacks something', async () => {
    const forbidden = await openWorld({ [KIND_ECHO]: 'EACCES', [KIND_RAW_ECHO]: 'EPERM' }).check(ADDRESS);
    assert.equal(forbidden.inconclusive, true);
    assert.match(forbidden.reason, /net\.ipv4\.ping_group_range.*CAP_NET_RAW/);
    const exhausted = await openWorld({ [KIND_ECHO]: 'EMFILE' }).check(ADDRESS);
    assert.deepEqual([exhausted.inconclusive, exhausted.reason], [true, 'this worker has no file descriptor left']);
    const full = openWorld({}, 'EAGAIN');
    assert.equal((await full.check(ADDRESS)).inconclusive, true);
    assert.equal(full.closedCount(), 1);
    const runCheck = createRunCheck({ allowNetworks: [], loadSocket: () => ({ ok: false, reason: 'not built' }) });
    const plan = planChecks({ ...TIMING, check: { type: 'icmp' } });
    const target = describeTarget(cluster('c', []), endpoint('a', ADDRESS), plan);
    const without = await runCheck(target, new AbortController().signal);
    assert.equal(without.inconclusive, true);
    assert.match(without.reason, /batch socket/);
  });

  it('fails where the kernel knows no way there', async () => {
    const { ok, inconclusive, reason } = await openWorld({}, 'ENETUNREACH').check(ADDRESS);
    assert.deepEqual([ok, inconclusive, reason], [false, undefined, 'network unreachable']);
  });

  it('sends nothing to an address that is not allowed', async () => {
    const { check, sent, opened } = openWorld();
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1']) {
      const { ok, inconclusive, reason } = await check(address);
      assert.deepEqual([ok, inconclusive], [false, true]);
      assert.match(reason, /not allowed/);
    }
    assert.deepEqual([sent, opened], [[], []]);
  });
});

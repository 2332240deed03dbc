// DNS over UDP with the batch socket: up to 64 datagrams for one call into TypeScript and two system calls, in memory that
// both sides see. What serves where there is none: udp-dgram.ts.

import { performance } from 'node:perf_hooks';
import { answerQuery, UDP } from '../answer/answer-query.ts';
import {
  countDropped,
  countDuration,
  DROPPED_OVERLOAD,
  DROPPED_OVERSIZED,
  DROPPED_UNSENT,
} from '../answer/counters.ts';
import type { Desk } from '../answer/desk.ts';
import { ignorePortZero } from '../answer/silence.ts';
import {
  BATCH,
  COUNT_QUEUE_FULL,
  COUNT_RECEIVE_FAILED,
  COUNT_SEND_FAILED,
  COUNT_TOO_LONG,
  COUNT_WAITING,
  KIND_UDP,
  type Native,
  type NativeSocket,
  PEER_ADDRESS,
  PEER_ANSWER_LENGTH,
  PEER_FAMILY,
  PEER_PORT,
  PEER_QUERY_LENGTH,
  PEER_WORDS,
} from '../native/load-native.ts';
import { MAX_UDP_PAYLOAD } from '../wire/response.ts';
import { bindError, type Listener, RECEIVE_BUFFER_BYTES, type UdpOptions, waitUntilQuiet } from './listener.ts';
import { readClock } from './read-clock.ts';
import { skipProxyHeader } from './skip-proxy-header.ts';
import type { TrustedPeers } from './trusted-peers.ts';

/** Answers of one batch at their longest, several times over. */
const SEND_BUFFER_BYTES = 1024 * 1024;

/** @throws Error with advice when the address cannot be bound. */
export function listenUdpBatch(options: UdpOptions, desk: Desk, native: Native): Listener {
  const { host, trusted } = options;
  let received = 0;
  const socket = openSocket(native, options, (count) => {
    received += count;
    answerBatch(socket, count, desk, trusted);
  });
  return {
    protocol: 'udp',
    host,
    port: socket.port,
    async close() {
      await waitUntilQuiet(
        () => received,
        () => (socket.counts[COUNT_WAITING] ?? 0) > 0,
      );
      socket.close();
      countLosses(socket.counts, desk);
    },
  };
}

function openSocket(
  native: Native,
  { host, port, reusePort }: UdpOptions,
  onBatch: (count: number) => void,
): NativeSocket {
  try {
    return native.open(KIND_UDP, host, port, reusePort, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES, onBatch);
  } catch (error) {
    throw error instanceof Error ? bindError('udp', host, port, error) : error;
  }
}

/** All of a batch wait for its last answer, so that its time is the time of each. */
function answerBatch(
  { peers, counts, queries, answers }: NativeSocket,
  count: number,
  desk: Desk,
  trusted: TrustedPeers | undefined,
): void {
  const begun = performance.now();
  readClock(desk);
  const queryStride = queries.length / BATCH;
  const answerStride = answers.length / BATCH;
  for (let index = 0; index < count; index++) {
    const peer = index * PEER_WORDS;
    const start = index * queryStride;
    const length = peers[peer + PEER_QUERY_LENGTH] ?? 0;
    if (peers[peer + PEER_FAMILY] === 0) continue;
    // Nobody can receive on port 0 (and sending there fails).
    if (peers[peer + PEER_PORT] === 0) {
      ignorePortZero(desk, queries, start, length);
      continue;
    }
    setClient(desk, peers, peer);
    const skipped = trusted === undefined ? 0 : skipProxyHeader(trusted, desk, queries, start, length);
    if (skipped < 0) continue;
    peers[peer + PEER_ANSWER_LENGTH] = answerQuery(
      desk,
      queries,
      start + skipped,
      length - skipped,
      answers,
      index * answerStride,
      MAX_UDP_PAYLOAD,
      UDP,
    );
  }
  countLosses(counts, desk);
  countDuration(desk.counters, (performance.now() - begun) / 1000, count);
}

/** Puts the peer onto the desk. */
function setClient({ client }: Desk, peers: Uint32Array, peer: number): void {
  client.family = peers[peer + PEER_FAMILY] ?? 0;
  for (let word = 0; word < 4; word++) client.words[word] = peers[peer + PEER_ADDRESS + word] ?? 0;
}

function countLosses(counts: Uint32Array, { counters }: Desk): void {
  countLoss(counts, COUNT_QUEUE_FULL, counters, DROPPED_OVERLOAD);
  countLoss(counts, COUNT_TOO_LONG, counters, DROPPED_OVERSIZED);
  countLoss(counts, COUNT_RECEIVE_FAILED, counters, DROPPED_OVERLOAD);
  countLoss(counts, COUNT_SEND_FAILED, counters, DROPPED_UNSENT);
}

function countLoss(counts: Uint32Array, index: number, counters: Desk['counters'], cause: number): void {
  const lost = counts[index] ?? 0;
  if (lost === 0) return;
  counts[index] = 0;
  countDropped(counters, cause, lost);
}

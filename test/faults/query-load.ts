// A steady load: every question goes to all nodes at the same moment, as often as is wanted, and what comes back (or does
// not) is told. Like a resolver that would take the first answer of any: a question is lost only if every node loses it.

import { createSocket, type Socket } from 'node:dgram';
import packet from 'dns-packet';
import { composeQuery, type DnsServer } from '../support/dns-ask.ts';

/** What came of a question at one node. */
export type Outcome = {
  readonly node: number;
  readonly client: number;
  /** Monotonic, milliseconds. */
  readonly askedAtMs: number;
  /** When the answer came; undefined: it did not, in time. */
  readonly answeredAtMs: number | undefined;
  readonly rcode: string;
  readonly address: string;
};

export type QueryLoad = { close(): void };

export type QueryLoadOptions = {
  readonly nodes: readonly DnsServer[];
  readonly name: string;
  readonly clients: readonly string[];
  /** Questions a second to each node, over all clients. */
  readonly perSecond: number;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Whether the question was answered by any node. */
  readonly onQuestion: (askedAtMs: number, isAnswered: boolean) => void;
};

/** As long as resolvers wait, or a little less, before they ask another server. */
export const ANSWER_LIMIT_MS = 800;
const TICK_MS = 10;

type Question = { readonly client: number; readonly askedAtMs: number; isAnswered: boolean };
type Pending = { readonly question: Question; readonly id: number };

export function startQueryLoad(options: QueryLoadOptions): QueryLoad {
  const { nodes, name, clients, perSecond, onOutcome, onQuestion } = options;
  const templates = clients.map((subnet) => Buffer.from(composeQuery(0, { name, subnet })));
  const pending = nodes.map(() => new Map<number, Question>());
  const order: Pending[] = [];
  const sockets = nodes.map((server, node) => openSocket(server, (reply) => receive(node, reply)));
  let nextId = 0;
  let asked = 0;
  const began = performance.now();
  const timer = setInterval(tick, TICK_MS);
  return {
    close() {
      clearInterval(timer);
      for (const socket of sockets) socket.close();
    },
  };

  function tick(): void {
    const now = performance.now();
    expire(now);
    const due = Math.floor(((now - began) / 1000) * perSecond);
    // What was not sent in time, when this process itself was held up, is not made up for.
    asked = Math.max(asked, due - perSecond / 10);
    for (; asked < due; asked++) askAll(asked % clients.length);
  }

  function askAll(client: number): void {
    const id = nextId++ % 65_536;
    const query = Buffer.from(templates[client] ?? []);
    query.writeUInt16BE(id, 0);
    const question: Question = { client, askedAtMs: performance.now(), isAnswered: false };
    order.push({ question, id });
    for (const [node, socket] of sockets.entries()) {
      pending[node]?.set(id, question);
      const server = nodes[node];
      if (server !== undefined) socket.send(query, server.port, server.host, () => undefined);
    }
  }

  function receive(node: number, reply: Buffer): void {
    const id = reply.readUInt16BE(0);
    const question = pending[node]?.get(id);
    if (question === undefined) return;
    pending[node]?.delete(id);
    question.isAnswered = true;
    const { client, askedAtMs } = question;
    const { rcode, answers } = packet.decode(reply);
    const first = answers.find(({ type }) => type === 'A');
    const address = first !== undefined && 'data' in first ? String(first.data) : '';
    onOutcome({ node, client, askedAtMs, answeredAtMs: performance.now(), rcode, address });
  }

  function expire(now: number): void {
    for (let head = order[0]; head !== undefined; head = order[0]) {
      const { question, id } = head;
      if (now - question.askedAtMs < ANSWER_LIMIT_MS) return;
      order.shift();
      for (const [node, waiting] of pending.entries()) {
        if (waiting.get(id) !== question) continue;
        waiting.delete(id);
        const { client, askedAtMs } = question;
        onOutcome({ node, client, askedAtMs, answeredAtMs: undefined, rcode: '', address: '' });
      }
      onQuestion(question.askedAtMs, question.isAnswered);
    }
  }
}

function openSocket({ host }: DnsServer, receive: (reply: Buffer) => void): Socket {
  const socket = createSocket('udp4');
  // A node that is gone may be told of by ICMP; what is lost shows anyway.
  socket.on('error', () => undefined);
  socket.on('message', (reply, { address }) => {
    if (address === host && reply.length >= 12) receive(reply);
  });
  return socket;
}

// Tells secondaries that zones have changed (NOTIFY over UDP, RFC 1996), from the control thread of a node that answers: it
// knows first when a new serial can be had from here. Each is told until it says that it heard, or has been told MAX_SENDS
// times; what it does not hear then, it finds at its next refresh. Nothing ever waits for any of it.

import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type DnsServer, formatDnsServer } from '../model/dns-server.ts';
import { composeNotify } from '../wire/compose-notify.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import { formatName } from '../wire/name.ts';
import { formatResponseCode, OPCODE_NOTIFY, RCODE_NOERROR } from '../wire/record-types.ts';
import { findTsig, type TsigKey, tsigBytes } from '../wire/tsig.ts';
import { createTsigSigner, signMessage } from '../wire/tsig-sign.ts';
import { onlyKey, verifyMessage } from '../wire/tsig-verify.ts';
import { computeHmac, readWallClock } from './hmac.ts';

export type Notice = {
  /** Wire form, lower case. */
  readonly zone: Uint8Array;
  readonly soa: { readonly ttlSeconds: number; readonly data: Uint8Array };
  readonly target: DnsServer;
};

export type NotifierOptions = { readonly firstTimeoutMs?: number };
export type NotifierDependencies = {
  readonly findKey: (name: string) => TsigKey | undefined;
  readonly logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
};

export const NOTIFY_OUTCOMES = ['acknowledged', 'refused', 'unanswered', 'unsent'] as const;
export type NotifyOutcome = (typeof NOTIFY_OUTCOMES)[number];

/** Doubled each time: the last is given up after two minutes (RFC 1996 section 3.6 leaves both to us). */
const FIRST_TIMEOUT_MS = 2000;
const MAX_SENDS = 6;
/**
 * Notices that wait for an answer at once, the others for their turn: of one secondary, so that one which is down keeps none
 * from the others, and of all of them. One that failed last is asked by a single notice whether it is there again.
 */
const MAX_IN_FLIGHT_EACH = 64;
const MAX_IN_FLIGHT = 1024;
/** Of all zones and targets: what is beyond is found at the next refresh. */
const MAX_WAITING = 200_000;
const MAX_REPLY_BYTES = 4096;

type Secondary = {
  /** Its address and port. */
  readonly place: string;
  /** By zone: a newer notice takes the place of an older one. */
  readonly waiting: Map<string, Notice>;
  inFlight: number;
  /** Whether it failed last: a streak of failures is told once. */
  isFailing: boolean;
};

type Flight = {
  readonly key: string;
  readonly secondary: Secondary;
  readonly notice: Notice;
  readonly id: number;
  readonly mac: Uint8Array | undefined;
  readonly tsigKey: TsigKey | undefined;
  readonly message: Uint8Array;
  sends: number;
  timer: NodeJS.Timeout | undefined;
};

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #dependencies: NotifierDependencies;
  /** By their places. None is kept of which there is nothing to say. */
  readonly #secondaries = new Map<string, Secondary>();
  #waiting = 0;
  /** By zone and target. */
  readonly #flights = new Map<string, Flight>();
  readonly #counts: Record<NotifyOutcome, number> = { acknowledged: 0, refused: 0, unanswered: 0, unsent: 0 };
  readonly #sockets = new Map<'udp4' | 'udp6', Socket>();
  #isClosed = false;

  constructor(options: NotifierOptions, dependencies: NotifierDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get counts(): Readonly<Record<NotifyOutcome, number>> {
    return this.#counts;
  }

  /** Those that have not been heard yet. */
  get pending(): number {
    return this.#waiting + this.#flights.size;
  }

  /** Tells each target of its zone, sooner or later. Returns at once. */
  notify(notices: Iterable<Notice>): void {
    for (const notice of notices) {
      const key = keyOf(notice);
      const flight = this.#flights.get(key);
      if (flight !== undefined) this.#supersede(flight);
      const { waiting } = this.#secondaryOf(notice);
      // It keeps its turn.
      if (waiting.has(key)) waiting.set(key, notice);
      else if (this.#waiting >= MAX_WAITING) this.#counts.unsent++;
      else {
        waiting.set(key, notice);
        this.#waiting++;
      }
    }
    this.#fill();
  }

  close(): void {
    this.#isClosed = true;
    this.#secondaries.clear();
    this.#waiting = 0;
    for (const flight of this.#flights.values()) this.#end(flight);
    for (const socket of this.#sockets.values()) socket.close();
  }

  #secondaryOf({ target }: Notice): Secondary {
    const place = formatDnsServer(target);
    const known = this.#secondaries.get(place);
    if (known !== undefined) return known;
    const secondary = { place, waiting: new Map<string, Notice>(), inFlight: 0, isFailing: false };
    this.#secondaries.set(place, secondary);
    return secondary;
  }

  /** Where changes follow each other faster than notices are given up, a secondary that is down is to be told of too. */
  #supersede(flight: Flight): void {
    this.#end(flight);
    if (flight.sends > 1) this.#conclude(flight.notice, 'unanswered', 'it does not answer');
  }

  #fill(): void {
    for (const secondary of this.#secondaries.values()) {
      const { place, waiting } = secondary;
      for (const [key, notice] of waiting) {
        if (this.#flights.size >= MAX_IN_FLIGHT || this.#isClosed) return;
        if (secondary.inFlight >= (secondary.isFailing ? 1 : MAX_IN_FLIGHT_EACH)) break;
        waiting.delete(key);
        this.#waiting--;
        this.#begin(key, notice, secondary);
      }
      if (waiting.size === 0 && secondary.inFlight === 0 && !secondary.isFailing) this.#secondaries.delete(place);
    }
  }

  #begin(key: string, notice: Notice, secondary: Secondary): void {
    const { target } = notice;
    const tsigKey = target.key === undefined ? undefined : this.#dependencies.findKey(target.key);
    if (target.key !== undefined && tsigKey === undefined) {
      this.#conclude(notice, 'unsent', `the key ${target.key} is not in dns.tsig.keyFile`);
      return;
    }
    const id = randomInt(65_536);
    const { bytes, length } = composeNotify(id, notice.zone, notice.soa, tsigKey ? tsigBytes(tsigKey) : 0);
    const signer = tsigKey && createTsigSigner(computeHmac, tsigKey, undefined);
    if (signer) signMessage(signer, bytes, 0, length, readWallClock());
    const mac = signer?.priorMac;
    const flight = { key, secondary, notice, id, mac, tsigKey, message: bytes, sends: 0, timer: undefined };
    this.#flights.set(key, flight);
    secondary.inFlight++;
    this.#send(flight);
  }

  #send(flight: Flight): void {
    const { target } = flight.notice;
    const firstMs = this.#options.firstTimeoutMs ?? FIRST_TIMEOUT_MS;
    flight.timer = setTimeout(() => this.#retry(flight), firstMs * 2 ** flight.sends).unref();
    flight.sends++;
    // What cannot be sent now, for want of a route or of a buffer, is sent again as if it had been lost.
    this.#socketFor(target.address).send(flight.message, target.port, target.address, () => undefined);
  }

  #retry(flight: Flight): void {
    if (flight.sends < MAX_SENDS) {
      this.#send(flight);
      return;
    }
    this.#end(flight);
    this.#conclude(flight.notice, 'unanswered', 'it does not answer');
    this.#fill();
  }

  #end(flight: Flight): void {
    clearTimeout(flight.timer);
    if (this.#flights.delete(flight.key)) flight.secondary.inFlight--;
  }

  #socketFor(address: string): Socket {
    const family = isIPv6(address) ? 'udp6' : 'udp4';
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const socket = createSocket(family);
    socket.on('message', (reply, from) => this.#receive(reply, from.address, from.port));
    socket.on('error', () => {
      // Nothing was sent that is not sent again, through another socket.
      if (this.#sockets.get(family) === socket) this.#sockets.delete(family);
      socket.close();
    });
    socket.unref();
    this.#sockets.set(family, socket);
    return socket;
  }

  /** Section 3.11: an answer is one of the same ID and question, from where the notice went; signed if that was. */
  #receive(reply: Buffer, address: string, port: number): void {
    const message = reply.length > MAX_REPLY_BYTES ? 'form' : decodeMessage(reply);
    if (typeof message === 'string' || !message.isResponse || message.opcode !== OPCODE_NOTIFY) return;
    const flight = this.#findFlight(message.id, message.questions[0]?.name, address, port);
    if (flight === undefined || !this.#isAuthentic(flight, reply)) return;
    this.#end(flight);
    const { rcode } = message;
    if (rcode === RCODE_NOERROR) this.#conclude(flight.notice, 'acknowledged', '');
    else this.#conclude(flight.notice, 'refused', `it answers ${formatResponseCode(rcode)}`);
    this.#fill();
  }

  #findFlight(id: number, zone: Uint8Array | undefined, address: string, port: number): Flight | undefined {
    if (zone === undefined) return undefined;
    const name = formatName(zone).toLowerCase();
    for (const flight of this.#flights.values()) {
      const { target } = flight.notice;
      const isFrom = target.port === port && target.address === address;
      if (isFrom && flight.id === id && formatName(flight.notice.zone) === name) return flight;
    }
    return undefined;
  }

  #isAuthentic({ tsigKey, mac }: Flight, reply: Uint8Array): boolean {
    if (tsigKey === undefined) return true;
    const start = findTsig(reply);
    if (start < 0) return false;
    const findKey = onlyKey(tsigKey);
    const verification = { hmac: computeHmac, findKey, nowSeconds: readWallClock(), priorMac: mac };
    return verifyMessage(reply, start, verification).ok;
  }

  #conclude(notice: Notice, outcome: NotifyOutcome, reason: string): void {
    this.#counts[outcome]++;
    const secondary = this.#secondaryOf(notice);
    const { place, isFailing } = secondary;
    const { logger } = this.#dependencies;
    secondary.isFailing = outcome !== 'acknowledged';
    if (outcome === 'acknowledged') {
      if (isFailing) logger.info({ secondary: place }, 'the secondary takes notice again');
    } else if (!isFailing) {
      const fields = { secondary: place, zone: formatName(notice.zone), reason };
      logger.warn(fields, 'a secondary takes no notice that a zone has changed; further failures are counted only');
    }
  }
}

function keyOf({ zone, target }: Notice): string {
  return `${formatDnsServer(target)} ${formatName(zone)}`;
}

// Mutators: from a packet that means something to one that nearly does. Seeded, so that a failure can be had again.

/** The next 32 random bits: xorshift (Marsaglia 2003). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

export const MAX_PACKET_BYTES = 2048;

/** A packet in memory that is reused: its first `length` bytes. */
export type Packet = { readonly bytes: Uint8Array; length: number };

export function createPacket(): Packet {
  return { bytes: new Uint8Array(MAX_PACKET_BYTES), length: 0 };
}

/** Fills the packet with a corpus entry, changed in up to four places, or with noise. */
export function mutate(packet: Packet, corpus: readonly Uint8Array[], random: Random): void {
  const source = corpus[random() % corpus.length] ?? new Uint8Array(0);
  packet.bytes.set(source);
  packet.length = source.length;
  for (let changes = random() % 5; changes > 0; changes--) {
    const mutator = MUTATORS[random() % MUTATORS.length];
    mutator?.(packet, random, corpus);
  }
}

type Mutator = (packet: Packet, random: Random, corpus: readonly Uint8Array[]) => void;

/** Bytes that mean something: label lengths and types, pointers, counts, extremes. */
const TELLING = [0, 1, 2, 8, 12, 41, 63, 64, 127, 128, 0x80, 0xbf, 0xc0, 0xc1, 0xfa, 0xfb, 0xfc, 0xff];

const at = ({ length }: Packet, random: Random): number => (length === 0 ? 0 : random() % length);

const MUTATORS: readonly Mutator[] = [
  function flipBit(packet, random) {
    const index = at(packet, random);
    packet.bytes[index] = (packet.bytes[index] ?? 0) ^ (1 << (random() & 7));
  },
  function setByte(packet, random) {
    packet.bytes[at(packet, random)] = random();
  },
  function setTellingByte(packet, random) {
    packet.bytes[at(packet, random)] = TELLING[random() % TELLING.length] ?? 0;
  },
  function changeHeader(packet, random) {
    packet.bytes[random() % 12] = TELLING[random() % TELLING.length] ?? 0;
  },
  function changeTail(packet, random) {
    if (packet.length > 0) packet.bytes[packet.length - 1 - (random() % Math.min(packet.length, 32))] = random();
  },
  function cut(packet, random) {
    packet.length = packet.length === 0 ? 0 : random() % packet.length;
  },
  function append(packet, random) {
    for (let more = random() % 24; more > 0 && packet.length < MAX_PACKET_BYTES; more--) {
      packet.bytes[packet.length++] = random() & 1 ? random() : (TELLING[random() % TELLING.length] ?? 0);
    }
  },
  function remove(packet, random) {
    const from = at(packet, random);
    const count = Math.min(random() % 8, packet.length - from);
    packet.bytes.copyWithin(from, from + count, packet.length);
    packet.length -= count;
  },
  function repeat(packet, random) {
    const from = at(packet, random);
    const count = Math.min(random() % 64, packet.length - from, MAX_PACKET_BYTES - packet.length);
    packet.bytes.copyWithin(from + count, from, packet.length);
    packet.length += count;
  },
  function crossOver(packet, random, corpus) {
    const other = corpus[random() % corpus.length] ?? new Uint8Array(0);
    const from = at(packet, random);
    const part = other.subarray(random() % (other.length + 1));
    const room = part.subarray(0, MAX_PACKET_BYTES - from);
    packet.bytes.set(room, from);
    packet.length = from + room.length;
  },
];

// What the tests use of dns-packet, which brings no types: an independent encoder and its tables of numbers.

declare module 'dns-packet' {
  type PacketRecord = { name: string; type: string; class?: string; ttl?: number; data?: unknown };
  type Packet = {
    id?: number;
    type?: 'query' | 'response';
    flags?: number;
    questions?: { name: string; type: string; class?: string }[];
    answers?: PacketRecord[];
    authorities?: PacketRecord[];
    additionals?: unknown[];
  };
  const packet: {
    encode(packet: Packet): Uint8Array;
    decode(bytes: Uint8Array): Packet & { rcode: string; answers: PacketRecord[] };
  };
  export default packet;
}

declare module 'dns-packet/types.js' {
  const types: { toString(type: number): string };
  export default types;
}

declare module 'dns-packet/rcodes.js' {
  const rcodes: { toString(rcode: number): string };
  export default rcodes;
}

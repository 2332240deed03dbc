// Writes small MaxMind DB files (format 2.0) for tests: prefixes and their records, in any of the three record sizes. Like
// real IPv6 databases, one of these has the IPv4 tree at ::/96, and aliases that lead to it on request.

/** What a record may hold; numbers are written as doubles. */
export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

export type MmdbNetwork = {
  /** `203.0.113.0/24`, `2001:db8::/32`. More specific ones override, whatever their order. */
  readonly prefix: string;
  readonly record: MmdbValue;
};

export type MmdbOptions = {
  readonly networks: readonly MmdbNetwork[];
  readonly ipVersion?: 4 | 6;
  readonly recordSize?: 24 | 28 | 32;
  readonly databaseType?: string;
  readonly buildEpochSeconds?: number;
  /** Lets 2001::/32, 2002::/16 and ::ffff:0:0/96 lead to the IPv4 tree, as GeoIP2 databases do. */
  readonly aliases?: boolean;
};

/** A record of the GeoIP2 shape. */
export function geoip2Record(country: string, latitude?: number, longitude?: number, subdivision?: string): MmdbValue {
  return {
    country: { iso_code: country, names: { en: country } },
    ...(latitude === undefined || longitude === undefined ? {} : { location: { latitude, longitude } }),
    ...(subdivision === undefined ? {} : { subdivisions: [{ iso_code: subdivision }] }),
  };
}

/** A record of the flat shape. */
export function flatRecord(country: string, latitude: number, longitude: number, state = ''): MmdbValue {
  return {
    city: '',
    country_code: country,
    latitude,
    longitude,
    postcode: '',
    state1: state,
    state2: '',
    timezone: '',
  };
}

type Branch = { left: Tree; right: Tree };
/** A number is the index of a record; undefined: nothing known. */
type Tree = Branch | number | undefined;

export function writeMmdb(options: MmdbOptions): Buffer {
  const {
    networks,
    ipVersion = 6,
    recordSize = 28,
    databaseType = 'Test-City',
    buildEpochSeconds = 1_780_000_000,
  } = options;
  const root: Branch = { left: undefined, right: undefined };
  const byLength = networks.map(({ prefix }, index) => ({ bits: prefixBits(prefix, ipVersion), index }));
  byLength.sort((a, b) => a.bits.length - b.bits.length);
  for (const { bits, index } of byLength) place(root, bits, index);
  if (options.aliases === true) addAliases(root);

  const { offsets, data } = writeRecords(networks.map(({ record }) => record));
  const numbers = new Map<Branch, number>();
  const nodes: Branch[] = [];
  number(root, numbers, nodes);
  const tree = Buffer.concat(nodes.map((node) => writeNode(node, numbers, nodes.length, offsets, recordSize)));
  const metadata = encodeMap([
    ['binary_format_major_version', encodeUint(5, 2, 2)],
    ['binary_format_minor_version', encodeUint(5, 2, 0)],
    ['build_epoch', encodeUint(9, 8, buildEpochSeconds)],
    ['database_type', encodeString(databaseType)],
    ['description', encodeMap([])],
    ['ip_version', encodeUint(5, 2, ipVersion)],
    ['languages', Buffer.from([0x00, 0x04])],
    ['node_count', encodeUint(6, 4, nodes.length)],
    ['record_size', encodeUint(5, 2, recordSize)],
  ]);
  return Buffer.concat([tree, Buffer.alloc(16), data, Buffer.from('ABCDEF4D61784D696E642E636F6D', 'hex'), metadata]);
}

function place(root: Branch, bits: readonly number[], index: number): void {
  if (bits.length === 0) {
    root.left = index;
    root.right = index;
    return;
  }
  let node = root;
  bits.forEach((bit, depth) => {
    const side = bit === 0 ? 'left' : 'right';
    const child = node[side];
    if (depth === bits.length - 1) node[side] = index;
    else node = typeof child === 'object' ? child : addBranch(node, side);
  });
}

/** What the leaf said holds for both halves of the branch that takes its place. */
function addBranch(node: Branch, side: 'left' | 'right'): Branch {
  const leaf = node[side];
  const branch: Branch = { left: leaf, right: leaf };
  node[side] = branch;
  return branch;
}

function addAliases(root: Branch): void {
  let v4: Tree = root;
  for (let depth = 0; depth < 96; depth += 1) v4 = typeof v4 === 'object' ? v4.left : v4;
  for (const prefix of ['2001::/32', '2002::/16', '::ffff:0:0/96']) {
    let node = root;
    const bits = prefixBits(prefix, 6);
    bits.forEach((bit, depth) => {
      const side = bit === 0 ? 'left' : 'right';
      const child = node[side];
      if (depth === bits.length - 1) node[side] = v4;
      else node = typeof child === 'object' ? child : addBranch(node, side);
    });
  }
}

/** Depth first; the aliased IPv4 tree gets its numbers once. */
function number(node: Branch, numbers: Map<Branch, number>, nodes: Branch[]): void {
  if (numbers.has(node)) return;
  numbers.set(node, nodes.length);
  nodes.push(node);
  if (typeof node.left === 'object') number(node.left, numbers, nodes);
  if (typeof node.right === 'object') number(node.right, numbers, nodes);
}

function writeNode(
  node: Branch,
  numbers: Map<Branch, number>,
  nodeCount: number,
  offsets: readonly number[],
  recordSize: number,
): Buffer {
  const [left = 0, right = 0] = [node.left, node.right].map((tree) => {
    if (tree === undefined) return nodeCount;
    return typeof tree === 'number' ? nodeCount + 16 + (offsets[tree] ?? 0) : (numbers.get(tree) ?? 0);
  });
  const bytes = Buffer.alloc(recordSize / 4);
  if (recordSize === 32) {
    bytes.writeUInt32BE(left, 0);
    bytes.writeUInt32BE(right, 4);
  } else {
    bytes.writeUIntBE(left % 2 ** 24, 0, 3);
    bytes.writeUIntBE(right % 2 ** 24, bytes.length - 3, 3);
    if (recordSize === 28) bytes[3] = (Math.floor(left / 2 ** 24) << 4) | Math.floor(right / 2 ** 24);
  }
  return bytes;
}

/** Records one after the other; equal ones are written once, and strings are shared by pointers as real databases do it. */
function writeRecords(records: readonly MmdbValue[]): { offsets: readonly number[]; data: Buffer } {
  const pieces: Buffer[] = [];
  let length = 0;
  const append = (bytes: Buffer): number => {
    pieces.push(bytes);
    length += bytes.length;
    return length - bytes.length;
  };
  const strings = new Map<string, number>();
  const share = (text: string): Buffer => {
    const at = strings.get(text) ?? append(encodeString(text));
    strings.set(text, at);
    return encodePointer(at);
  };
  const known = new Map<string, number>();
  const offsets = records.map((record) => {
    const key = JSON.stringify(record);
    const bytes = encodeValue(record, share);
    const at = known.get(key) ?? append(bytes);
    known.set(key, at);
    return at;
  });
  return { offsets, data: Buffer.concat(pieces) };
}

function encodeValue(value: MmdbValue, share: (text: string) => Buffer): Buffer {
  if (typeof value === 'string') return share(value);
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0, 14 - 7]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes[0] = (3 << 5) | 8;
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (isList(value)) {
    return Buffer.concat([Buffer.from([value.length, 11 - 7]), ...value.map((item) => encodeValue(item, share))]);
  }
  return encodeMap(
    Object.entries(value).map(([key, item]) => [key, encodeValue(item, share)]),
    share,
  );
}

function isList(value: MmdbValue): value is readonly MmdbValue[] {
  return Array.isArray(value);
}

function encodeMap(
  entries: readonly (readonly [string, Buffer])[],
  key: (text: string) => Buffer = encodeString,
): Buffer {
  return Buffer.concat([
    Buffer.from([(7 << 5) | entries.length]),
    ...entries.flatMap(([name, bytes]) => [key(name), bytes]),
  ]);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 29) return Buffer.concat([Buffer.from([(2 << 5) | bytes.length]), bytes]);
  return Buffer.concat([Buffer.from([(2 << 5) | 29, bytes.length - 29]), bytes]);
}

function encodePointer(offset: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = (1 << 5) | (3 << 3);
  bytes.writeUInt32BE(offset, 1);
  return bytes;
}

function encodeUint(type: number, size: number, value: number): Buffer {
  const control = type < 8 ? Buffer.from([(type << 5) | size]) : Buffer.from([size, type - 7]);
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, Math.max(0, size - 6), Math.min(6, size));
  return Buffer.concat([control, bytes]);
}

/** The bits of a prefix from the root of a tree: IPv4 in a tree for IPv6 stands below ::/96. */
function prefixBits(prefix: string, ipVersion: 4 | 6): readonly number[] {
  const [address = '', length = '0'] = prefix.split('/');
  const bytes = address.includes(':') ? parseV6(address) : address.split('.').map(Number);
  const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1));
  const own = bits.slice(0, Number(length));
  return ipVersion === 6 && bytes.length === 4 ? [...new Array<number>(96).fill(0), ...own] : own;
}

function parseV6(text: string): readonly number[] {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((group) => [group >> 8, group & 255]);
}

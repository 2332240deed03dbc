// The search tree of a MaxMind DB file (format 2.0), walked once from left to right, which is the order of addresses. A node
// is two records, one for each value of the next bit:
//
//   record < nodeCount     the next node
//   record = nodeCount     nothing is known of these addresses
//   record > nodeCount     their data is at dataStart + record - nodeCount - 16
//
//   24 bits  LLLLLL RRRRRR     28 bits  LLLLLL lr RRRRRR (the middle byte has the top four bits of each)     32 bits  LLLL RRRR
//
// A file may be cut short, or lie: every offset is checked against the file, depth and the number of visits are bounded.

export type RecordSize = 24 | 28 | 32;

export type MmdbTree = {
  /** The whole file. */
  readonly bytes: Uint8Array;
  readonly nodeCount: number;
  /** Bits of a record. */
  readonly recordSize: RecordSize;
  readonly ipVersion: 4 | 6;
};

/** What is wrong with a database, for the operator. */
export type MmdbFault = {
  readonly code:
    | 'truncated'
    | 'tree-too-deep'
    | 'tree-cycle'
    | 'bad-pointer'
    | 'bad-record'
    | 'wrong-type'
    | 'wrong-family';
  readonly message: string;
};

/** Called for every leaf in address order: the first address as two 32-bit numbers (IPv4: high is 0), and the record. */
export type LeafVisitor = (high: number, low: number, record: number) => void;

/** The zero bytes between the tree and the data. */
export const DATA_SEPARATOR_BYTES = 16;

const DEPTH_V4 = 32;
const DEPTH_V6 = 128;
/** IPv6 is kept to this many bits. */
const DEPTH_KEPT_V6 = 64;
/** Bits above the IPv4 tree in an IPv6 database: it stands at ::/96. */
const DEPTH_OF_V4_IN_V6 = 96;

/** Where the data section begins. */
export function dataStart(tree: MmdbTree): number {
  return (tree.nodeCount * tree.recordSize) / 4 + DATA_SEPARATOR_BYTES;
}

/** Checks once that every node lies inside the file; the walks rely on it. */
export function checkTree(tree: MmdbTree): MmdbFault | undefined {
  if (tree.nodeCount >= 1 && dataStart(tree) <= tree.bytes.length) return undefined;
  return {
    code: 'truncated',
    message: `the file has ${tree.bytes.length} bytes, its search tree of ${tree.nodeCount} nodes alone needs ${dataStart(tree)}: fetch it again`,
  };
}

/** Visits every IPv4 leaf; the parts tell the whole address space. In an IPv6 database the IPv4 tree is the one at ::/96. */
export function walkV4(tree: MmdbTree, visit: LeafVisitor): MmdbFault | undefined {
  const root = tree.ipVersion === 4 ? 0 : findV4Root(tree);
  return walk(tree, root, DEPTH_V4, tree.nodeCount, visit);
}

/**
 * Visits every IPv6 leaf down to /64; a longer prefix counts by the first address of its /64. The IPv4 tree, and the
 * aliases that lead back to it (2001::/32 Teredo, 2002::/16 6to4, ::ffff:0:0/96), are visited as nothing known: what such
 * addresses say of the place of a client is its relay, if any is left.
 */
export function walkV6(tree: MmdbTree, visit: LeafVisitor): MmdbFault | undefined {
  if (tree.ipVersion !== 6) {
    return {
      code: 'wrong-family',
      message: 'the database has IPv4 addresses only: give one with IPv6 addresses as well',
    };
  }
  const v4Root = findV4Root(tree);
  return walk(tree, 0, DEPTH_KEPT_V6, v4Root < tree.nodeCount ? v4Root : tree.nodeCount, visit);
}

/** The record at ::/96, or the leaf above it. */
function findV4Root(tree: MmdbTree): number {
  const view = viewOf(tree.bytes);
  let record = 0;
  for (let depth = 0; depth < DEPTH_OF_V4_IN_V6 && record < tree.nodeCount; depth += 1)
    record = readLeft(view, tree, record);
  return record;
}

/**
 * Depth first, left before right, with the right halves that are still to come on a stack. The node `pruned` is visited as
 * a leaf of which nothing is known.
 */
function walk(
  tree: MmdbTree,
  root: number,
  depthKept: number,
  pruned: number,
  visit: LeafVisitor,
): MmdbFault | undefined {
  const { nodeCount } = tree;
  const view = viewOf(tree.bytes);
  const pendingRecord = new Float64Array(depthKept);
  const pendingDepth = new Uint8Array(depthKept);
  const pendingHigh = new Uint32Array(depthKept);
  const pendingLow = new Uint32Array(depthKept);
  let pending = 0;
  let visitsLeft = nodeCount;
  let record = root;
  let depth = 0;
  let high = 0;
  let low = 0;
  for (;;) {
    while (record < nodeCount && record !== pruned && depth < depthKept) {
      if (visitsLeft === 0) return cycleFault;
      visitsLeft -= 1;
      depth += 1;
      // Bit `depth`, from the left, of a 32-bit IPv4 address or of the top 64 bits of IPv6 tells right from left.
      const bit = 1 << (-depth & 31);
      const isInHigh = depthKept === DEPTH_KEPT_V6 && depth <= 32;
      pendingRecord[pending] = readRight(view, tree, record);
      pendingDepth[pending] = depth;
      pendingHigh[pending] = isInHigh ? high | bit : high;
      pendingLow[pending] = isInHigh ? low : low | bit;
      pending += 1;
      record = readLeft(view, tree, record);
    }
    if (record === pruned) record = nodeCount;
    if (record < nodeCount) {
      if (depthKept === DEPTH_V4) return depthFault(DEPTH_V4);
      record = findFirstLeaf(view, tree, record, pruned);
      if (record < nodeCount) return depthFault(DEPTH_V6);
    }
    visit(high, low, record);
    if (pending === 0) return undefined;
    pending -= 1;
    record = pendingRecord[pending] ?? 0;
    depth = pendingDepth[pending] ?? 0;
    high = pendingHigh[pending] ?? 0;
    low = pendingLow[pending] ?? 0;
  }
}

/** The leaf of the first address below a node at /64; a node when there is none within the 128 bits of an address. */
function findFirstLeaf(view: DataView, tree: MmdbTree, node: number, pruned: number): number {
  let record = node;
  for (let depth = DEPTH_KEPT_V6; depth < DEPTH_V6 && record < tree.nodeCount; depth += 1) {
    record = readLeft(view, tree, record);
    if (record === pruned) return tree.nodeCount;
  }
  return record;
}

/** Four bytes are read at once, also for shorter records: behind the last node there is at least the separator. */
function readLeft(view: DataView, tree: MmdbTree, node: number): number {
  const { recordSize } = tree;
  const word = view.getUint32(node * (recordSize >> 2));
  if (recordSize === 28) return (word >>> 8) | ((word & 0xf0) << 20);
  return recordSize === 24 ? word >>> 8 : word;
}

function readRight(view: DataView, tree: MmdbTree, node: number): number {
  const { recordSize } = tree;
  const nodeBytes = recordSize >> 2;
  const word = view.getUint32((node + 1) * nodeBytes - 4);
  if (recordSize === 28) return word & 0x0fffffff;
  return recordSize === 24 ? word & 0x00ffffff : word;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const cycleFault: MmdbFault = {
  code: 'tree-cycle',
  message: 'the search tree leads back into itself: the file is damaged, fetch it again',
};

function depthFault(bits: number): MmdbFault {
  return {
    code: 'tree-too-deep',
    message: `the search tree is deeper than the ${bits} bits of an address: the file is damaged, fetch it again`,
  };
}

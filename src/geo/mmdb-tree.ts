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

/**
 * Called for every leaf in address order: the first address as two signed 32-bit numbers (IPv4: low is 0), and the record,
 * which is nodeCount or should be that of data: whether it is nobody has checked.
 */
export type LeafVisitor = (high: number, low: number, record: number) => void;

/** Of records as numbers, the greatest. */
const MAX_RECORD = 2 ** 31 - 1;

/** The zero bytes between the tree and the data. */
export const DATA_SEPARATOR_BYTES = 16;

const HALF_BITS = 32;
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

/** Checks once that every node lies inside the file, and that a record fits into a signed number; the walks rely on it. */
export function checkTree(tree: MmdbTree): MmdbFault | undefined {
  const { nodeCount, bytes } = tree;
  if (nodeCount + bytes.length > MAX_RECORD) {
    return { code: 'wrong-type', message: `the file has ${bytes.length} bytes: it is too large for this version` };
  }
  if (nodeCount >= 1 && dataStart(tree) <= bytes.length) return undefined;
  return {
    code: 'truncated',
    message: `the file has ${bytes.length} bytes, its search tree of ${nodeCount} nodes alone needs ${dataStart(tree)}: fetch it again`,
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
  return walk(tree, 0, DEPTH_KEPT_V6, isNode(tree, v4Root) ? v4Root : tree.nodeCount, visit);
}

/** Whether a record leads to another node. In a damaged file a record of 32 bits may be negative, and leads nowhere. */
function isNode({ nodeCount }: MmdbTree, record: number): boolean {
  return record >>> 0 < nodeCount;
}

/** The record at ::/96, or the leaf above it. */
function findV4Root(tree: MmdbTree): number {
  const view = viewOf(tree.bytes);
  let record = 0;
  for (let depth = 0; depth < DEPTH_OF_V4_IN_V6 && isNode(tree, record); depth += 1)
    record = readLeft(view, LAYOUTS[tree.recordSize], record);
  return record;
}

/**
 * Depth first, left before right. Where a leaf ends says how deep the next one hangs: at the bit that the last carry has set.
 * So the right halves that are still to come lie in an array by depth, and nothing else need be remembered. The node `pruned`
 * is visited as a leaf of which nothing is known. An IPv4 address is the high half of a number whose low half is 0.
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
  const layout = LAYOUTS[tree.recordSize];
  const rights = new Int32Array(depthKept + 1);
  let visitsLeft = nodeCount;
  let record = root;
  let depth = 0;
  // Both halves are kept as signed numbers: beyond the last address they are 0.
  let high = 0;
  let low = 0;
  for (;;) {
    while (record >>> 0 < nodeCount && record !== pruned) {
      if (depth === depthKept) {
        if (depthKept === DEPTH_V4) return depthFault(DEPTH_V4);
        record = findFirstLeaf(tree, record, pruned);
        if (isNode(tree, record)) return depthFault(DEPTH_V6);
        break;
      }
      if (visitsLeft === 0) return cycleFault;
      visitsLeft -= 1;
      depth += 1;
      rights[depth] = readRight(view, layout, record);
      record = readLeft(view, layout, record);
    }
    visit(high, low, record === pruned ? nodeCount : record);
    if (depth > HALF_BITS) {
      low = (low + (1 << -depth)) | 0;
      if (low === 0) high = (high + 1) | 0;
    } else {
      high = (high + (1 << -depth)) | 0;
    }
    if (depth === 0 || (low === 0 && high === 0)) return undefined;
    depth = low === 0 ? HALF_BITS - trailingZeros(high) : 2 * HALF_BITS - trailingZeros(low);
    record = rights[depth] ?? 0;
  }
}

function trailingZeros(half: number): number {
  return 31 - Math.clz32(half & -half);
}

/** The leaf of the first address below a node at /64; a node when there is none within the 128 bits of an address. */
function findFirstLeaf(tree: MmdbTree, node: number, pruned: number): number {
  const view = viewOf(tree.bytes);
  const layout = LAYOUTS[tree.recordSize];
  let record = node;
  for (let depth = DEPTH_KEPT_V6; depth < DEPTH_V6 && isNode(tree, record); depth += 1) {
    record = readLeft(view, layout, record);
    if (record === pruned) return tree.nodeCount;
  }
  return record;
}

/** How to get the two records out of the first four bytes of a node and its last four. */
type Layout = {
  readonly nodeBytes: number;
  readonly leftShift: number;
  /** The top four bits of the left record, where they stand behind it. */
  readonly leftTop: number;
  readonly rightMask: number;
};

const LAYOUTS: Readonly<Record<RecordSize, Layout>> = {
  24: { nodeBytes: 6, leftShift: 8, leftTop: 0, rightMask: 0x00ffffff },
  28: { nodeBytes: 7, leftShift: 8, leftTop: 0xf0, rightMask: 0x0fffffff },
  32: { nodeBytes: 8, leftShift: 0, leftTop: 0, rightMask: -1 },
};

/** Signed: what a sound file has is positive. Four bytes are read of shorter records too, since data follows the tree. */
function readLeft(view: DataView, { nodeBytes, leftShift, leftTop }: Layout, node: number): number {
  const word = view.getInt32(node * nodeBytes);
  return (word >>> leftShift) | ((word & leftTop) << 20);
}

function readRight(view: DataView, { nodeBytes, rightMask }: Layout, node: number): number {
  return view.getInt32((node + 1) * nodeBytes - 4) & rightMask;
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

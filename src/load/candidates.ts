// Candidates: the clusters or endpoints between which one algorithm chooses, gathered anew for each decision in memory
// that is reused.

/** The most clusters of a service, and the most endpoints of a cluster; validation refuses more. */
export const MAX_CANDIDATES = 256;

export type Candidates = {
  count: number;
  readonly ids: Int32Array;
  readonly weights: Float64Array;
  /** 1 below the low watermark of load, 0 from the high one on: see room.ts. */
  readonly rooms: Float64Array;
  /** Open connections, and those that are expected from answers already handed out; 0 where the algorithm does not ask. */
  readonly connections: Float64Array;
};

export function createCandidates(): Candidates {
  return {
    count: 0,
    ids: new Int32Array(MAX_CANDIDATES),
    weights: new Float64Array(MAX_CANDIDATES),
    rooms: new Float64Array(MAX_CANDIDATES),
    connections: new Float64Array(MAX_CANDIDATES),
  };
}

export function addCandidate(
  candidates: Candidates,
  id: number,
  weight: number,
  room: number,
  connections: number,
): void {
  const index = candidates.count;
  if (index === MAX_CANDIDATES) return;
  candidates.ids[index] = id;
  candidates.weights[index] = weight;
  candidates.rooms[index] = room;
  candidates.connections[index] = connections;
  candidates.count = index + 1;
}

/** Takes out the candidate at `index` and keeps the order of the others. */
export function removeCandidate(candidates: Candidates, index: number): void {
  const { ids, weights, rooms, connections } = candidates;
  const last = candidates.count - 1;
  for (let at = index; at < last; at++) moveCandidate(candidates, at + 1, at);
  ids[last] = weights[last] = rooms[last] = connections[last] = 0;
  candidates.count = last;
}

function moveCandidate({ ids, weights, rooms, connections }: Candidates, from: number, to: number): void {
  ids[to] = ids[from] ?? 0;
  weights[to] = weights[from] ?? 0;
  rooms[to] = rooms[from] ?? 0;
  connections[to] = connections[from] ?? 0;
}

/**
 * Leaves those that should be chosen from: with room and a weight, if there are such; otherwise those with a weight;
 * otherwise all. Where nobody has room, room no longer tells them apart.
 */
export function dropUnfit(candidates: Candidates): void {
  const { weights, rooms } = candidates;
  let weighted = 0;
  let roomy = 0;
  for (let index = 0; index < candidates.count; index++) {
    if ((weights[index] ?? 0) <= 0) continue;
    weighted++;
    if ((rooms[index] ?? 0) > 0) roomy++;
  }
  let kept = 0;
  for (let index = 0; index < candidates.count; index++) {
    const hasWeight = (weights[index] ?? 0) > 0;
    const hasRoom = (rooms[index] ?? 0) > 0;
    if (weighted > 0 && !hasWeight) continue;
    if (roomy > 0 && !hasRoom) continue;
    if (kept !== index) moveCandidate(candidates, index, kept);
    if (roomy === 0) rooms[kept] = 1;
    kept++;
  }
  candidates.count = kept;
}

// A ranking: everything that decides in which order a client prefers a service's clusters, with the clusters as positions
// (0-based indices into the service's list), so that services whose clusters stand in the same places share one.

import type { Match } from '../model/service.ts';

/** Where a candidate stands. Bias as in model/region.ts. */
export type RankingCandidate = { readonly latitude: number; readonly longitude: number; readonly bias: number };

export type RankingRule =
  | { readonly kind: 'match'; readonly match: Match; readonly use: readonly number[]; readonly fence: boolean }
  | { readonly kind: 'proximity'; readonly tolerance: number }
  | { readonly kind: 'priority' };

export type Ranking = { readonly candidates: readonly RankingCandidate[]; readonly rules: readonly RankingRule[] };

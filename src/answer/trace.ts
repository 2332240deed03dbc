// A trace: the steps that led to an answer, in the order in which they were taken. Nobody keeps one while serving; whoever
// wants to explain hands an empty one to the same code that serves.

export type TraceStep =
  | { readonly step: 'zone'; readonly zone: number }
  /** What is said of a name that is not steered: see describe-step.ts. */
  | {
      readonly step:
        | 'outside'
        | 'withheld'
        | 'delegation'
        | 'wildcard'
        | 'records'
        | 'alias'
        | 'no-records'
        | 'no-name';
    }
  | { readonly step: 'service'; readonly service: number }
  /** Whose place decides: the client subnet of the query, or where the query came from. `scope` as sent. */
  | { readonly step: 'client'; readonly from: 'subnet' | 'source'; readonly list: number; readonly scope: number }
  /** The tiers are gone through anew; `lowest` as in decide.ts, above ENDPOINT_UP while enough must be up. */
  | { readonly step: 'pass'; readonly pass: number; readonly lowest: number }
  | { readonly step: 'skip'; readonly cluster: number; readonly because: 'family' | 'health' }
  | { readonly step: 'consider'; readonly cluster: number; readonly weight: number; readonly room: number }
  /** A tier passed over for its load; `tier` is where it begins in the preference list. */
  | { readonly step: 'shed'; readonly tier: number; readonly pass: number }
  | { readonly step: 'choose'; readonly cluster: number; readonly endpoint: number }
  /** What is hinted at in a service binding is decided as for addresses of `family` (FAMILY_*); or nothing is. */
  | { readonly step: 'hints'; readonly family: number }
  | { readonly step: 'no-hints' }
  | { readonly step: 'refused' | 'no-data' };

export type Trace = TraceStep[];

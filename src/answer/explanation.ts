// An explanation: one answer together with everything that led to it, in words and numbers for people and programs. Types
// only. The code that serves decides; whoever explains hands it a trace and writes it down in this shape, so that what is
// explained can never differ from what is served.

/** Where the place of the client was taken from: the client subnet of the query (ECS, RFC 7871), or its source address. */
export type ClientSource = 'subnet' | 'source';

export type ExplainedClient = {
  /** Canonical text, bits beyond the prefix cleared. */
  readonly address: string;
  readonly prefixLength: number;
  readonly from: ClientSource;
  /** ISO 3166-1, two letters; absent where the database knows none, as the other places below. */
  readonly country?: string;
  readonly subdivision?: string;
  /** Degrees; absent: the address has no known place, and the rule for such clients applies. */
  readonly latitude?: number;
  readonly longitude?: number;
};

/** One cluster of the preference list. */
export type ExplainedPreference = {
  readonly cluster: string;
  readonly region: string;
  /** 0 is preferred most; clusters of the same tier count as equal. */
  readonly tier: number;
  /** Great-circle distance from the client; absent where one of the two has no place. */
  readonly distanceKm?: number;
};

export type ExplainedStep = {
  /** Which kind of step: `zone`, `service`, `client`, `choose` … (trace.ts lists them all). */
  readonly step: string;
  /** One sentence. */
  readonly text: string;
};

export type ExplainedRecord = {
  readonly name: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  /** Presentation form (RFC 1035 section 5.1). */
  readonly data: string;
};

export type ExplainedAnswer = {
  /** `NOERROR`, `NXDOMAIN`, `REFUSED` … */
  readonly rcode: string;
  readonly records: readonly ExplainedRecord[];
  /** Scope prefix length of the answer (RFC 7871 section 7.2.1); absent: the answer is not tailored to the client. */
  readonly scope?: number;
  /** Why these records: `preferred`, `failover`, `spill`, `last-resort`, `refused`, `no-data`, or `static` for what is not steered. */
  readonly reason: string;
};

export type Explanation = {
  readonly question: { readonly name: string; readonly type: string };
  readonly client: ExplainedClient;
  /** The zone that the name is in; absent: in none of ours. */
  readonly zone?: string;
  /** Full name of the steered service; absent: the name is not steered. */
  readonly service?: string;
  /** Best first; empty where nothing is steered. */
  readonly preference: readonly ExplainedPreference[];
  /** Clusters whose endpoints were looked at, in this order: each once. */
  readonly considered: readonly string[];
  readonly steps: readonly ExplainedStep[];
  readonly answer: ExplainedAnswer;
};

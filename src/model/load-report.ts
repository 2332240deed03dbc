// A load report: what a cluster or an endpoint says of its load.

export type LoadReport = {
  /** `cluster` or `cluster/endpoint`. */
  readonly subject: string;
  /** Connections open now. */
  readonly connections?: number;
  /** Connections that it can hold; takes precedence over the configuration's. */
  readonly capacity?: number;
  /** Share of its capacity in use, 0 and up (1 = full); takes precedence over connections / capacity. */
  readonly utilisation?: number;
};

/** A report as the store hands it on: `sequence` grows with every report of the same subject. */
export type StoredLoadReport = LoadReport & { readonly sequence: number };

// Families of addresses as numbers. Apart from the schemas of clusters: who answers needs none of what checks documents.

/** Families as bits, so that a set of them is one number. */
export const FAMILY_BITS = { A: 1, AAAA: 2, CNAME: 4 } as const;

// What an answer thread signs with: made once per thread, reused.

import { createSetDigest, type SetDigest } from '../dnssec/set-digest.ts';
import { createSignatureTable, placesFor, type SignatureTable, signatureBytesFor } from '../dnssec/signature-table.ts';
import type { Sign } from '../dnssec/zone-keys.ts';
import { NONE } from '../snapshot/snapshot.ts';
import { EMPTY_IMAGE, type ZoneImage } from '../snapshot/zone-image.ts';

export type Signer = {
  readonly sign: Sign;
  /** Signatures that this thread has made. */
  readonly signatures: SignatureTable;
  readonly digest: SetDigest;
  readonly written: WrittenSet;
  /** Where the signatures of the SOA that was signed last are: every negative answer of a zone has the same. */
  readonly soa: { image: ZoneImage; table: SignatureTable; place: number };
  /** What must be proven not to be there, `proofCount` times PROOF_WORDS numbers. */
  readonly proofs: Int32Array;
  proofCount: number;
  /** A type that the name has, but for this client: what is proven then says that it has not; or 0. */
  deniedType: number;
};

/** A set of records as it stands at the end of the response. */
export type WrittenSet = {
  image: ZoneImage;
  /** The node that they belong to: of the wildcard where one stands in. */
  node: number;
  type: number;
  /** As signed: what is answered may be less (RFC 4034 section 3.1.4). */
  originalTtlSeconds: number;
  /** Where in the response's memory they begin. */
  start: number;
  /** Of each record, what stands before its data. */
  headBytes: number;
  /** Whether their owner is the name that is being answered, instead of the node's: see compact-denial.ts. */
  isAsked: boolean;
  /** Whether anybody is likely to want the signature again. */
  isKept: boolean;
};

/** An owner as a compression pointer, type, class, TTL, length. */
export const RECORD_HEAD_BYTES = 12;

/** Numbers of one proof: zone, node, where the name of the zone stands in the message, the type that is left out or 0. */
export const PROOF_WORDS = 4;
/** One for each alias that a wildcard made, and those of the last name. */
export const MAX_PROOFS = 12;

/** Signatures that a thread keeps: of all that steered names are answered with, the latest. */
const KEPT_SIGNATURES = 16_384;

/** Without `sign`, nobody may ask for signatures. */
export function createSigner(sign?: Sign): Signer {
  const places = placesFor(sign === undefined ? 0 : KEPT_SIGNATURES);
  const signatures = createSignatureTable(new Int32Array(2 * places), new Uint8Array(signatureBytesFor(places)));
  return {
    sign: sign ?? signNothing,
    signatures,
    digest: createSetDigest(),
    written: {
      image: EMPTY_IMAGE,
      node: NONE,
      type: 0,
      originalTtlSeconds: 0,
      start: 0,
      headBytes: RECORD_HEAD_BYTES,
      isAsked: false,
      isKept: true,
    },
    soa: { image: EMPTY_IMAGE, table: signatures, place: 0 },
    proofs: new Int32Array(PROOF_WORDS * MAX_PROOFS),
    proofCount: 0,
    deniedType: 0,
  };
}

function signNothing(): never {
  throw new Error('this desk was made without anything that signs');
}

// The keys of a zone as signing sees them: which are published, which sign what. How they came there, by which steps they
// come and go, and how they are kept is for others; what signs with them is an argument, for it needs a library.

/** DNSSEC algorithm numbers (RFC 8624): those that we sign with. Both make signatures of 64 octets (RFC 6605 section 4, RFC 8080 section 4). */
export const ECDSA_P256_SHA256 = 13;
export const ED25519 = 15;
export const SIGNATURE_BYTES = 64;

/** DNSKEY flags (RFC 4034 section 2.1.1): of a key that signs the zone; of one that a DS at the parent may point to. */
export const FLAGS_ZONE_KEY = 256;
export const FLAGS_SECURE_ENTRY_POINT = 257;

export type SigningKey = {
  readonly algorithm: number;
  readonly keyTag: number;
  /** Record data of its DNSKEY. */
  readonly dnskey: Uint8Array;
  /** Whatever `Sign` needs: the private key itself is no concern of pure code. Must survive a structured clone. */
  readonly handle: object;
};

export type ZoneKeys = {
  /** Record data of every DNSKEY that is shown, whether or not it signs. */
  readonly published: readonly Uint8Array[];
  /** Sign DNSKEY, CDS and CDNSKEY: at least one. */
  readonly keySigners: readonly SigningKey[];
  /** Sign everything else: one for each algorithm in use, at most MAX_ZONE_SIGNERS. */
  readonly zoneSigners: readonly SigningKey[];
  /** Record data of the apex's CDS and CDNSKEY (RFC 7344, RFC 8078), none where nothing is to be asked of the parent. */
  readonly cds: readonly Uint8Array[];
  readonly cdnskey: readonly Uint8Array[];
};

export const MAX_ZONE_SIGNERS = 2;

/** The signature of `data` in the form that an RRSIG carries: SIGNATURE_BYTES octets. */
export type Sign = (key: SigningKey, data: Uint8Array) => Uint8Array;

// How much a configuration may hold. Each limit is generous for an operator and small for an attacker: it bounds the work
// and the memory that one document can cost. A document above a limit is refused with a problem that names the limit.

/** Characters of one document: a configuration file, or the body of an API request that replaces everything. */
export const MAX_DOCUMENT_LENGTH = 256 * 1024 * 1024;
/** Problems listed for one document; a wholly wrong one would otherwise list millions. */
export const MAX_PROBLEMS = 1_000;

export const MAX_ZONES = 100_000;
export const MAX_NAME_SERVERS_PER_ZONE = 32;
/** RRsets of one zone. */
export const MAX_RECORDS_PER_ZONE = 2_000_000;
/** Values of one RRset. */
export const MAX_DATA_PER_RECORD = 1_000;
/** Rules on who may copy a zone, and secondaries that are told of its changes. */
export const MAX_TRANSFER_RULES = 256;
export const MAX_NOTIFY_TARGETS = 64;
export const MAX_PRIMARIES = 8;
export const MAX_REGIONS = 1_000;
export const MAX_VANTAGES = 100;
export const MAX_MONITORS = 1_000;
export const MAX_CLUSTERS = 200_000;
export const MAX_ENDPOINTS_PER_CLUSTER = 256;
/** Each endpoint is a target of each monitor of its cluster. */
export const MAX_MONITORS_PER_CLUSTER = 8;
export const MAX_SERVICES = 200_000;
export const MAX_CLUSTERS_PER_SERVICE = 256;
export const MAX_RANK_RULES = 256;
/** Addresses in one answer. */
export const MAX_ANSWERS = 8;
/** HTTPS or SVCB records that a service states, and the characters of one. */
export const MAX_BINDINGS_PER_SERVICE = 16;
export const MAX_BINDING_LENGTH = 4_096;
/** Prefixes, countries, subdivisions of one match. */
export const MAX_MATCH_VALUES = 10_000;
export const MAX_OVERRIDES = 10_000;

/** Free text for people: names, reasons, authors. */
export const MAX_TEXT_LENGTH = 500;
/** What a check sends or looks for. */
export const MAX_CHECK_TEXT_LENGTH = 1_024;
/** Presentation form of one record's data; 65,535 octets of RDATA, each at most four characters (`\255`). */
export const MAX_RECORD_DATA_LENGTH = 262_140;

/** A DNS name in presentation form, escapes included: 255 octets, each at most four characters. */
export const MAX_NAME_TEXT_LENGTH = 1_020;
export const MAX_TTL_SECONDS = 86_400;
/** Static records may live longer than steered answers: a week, beyond which resolvers cut anyway (RFC 8767 section 4). */
export const MAX_RECORD_TTL_SECONDS = 604_800;
/** DNSKEY sets must go out of caches within the time of a rollover step. */
export const MAX_KEY_TTL_SECONDS = 86_400;
/** How long a signature is valid: long enough to live through an outage of the signer, short enough to end (RFC 6781 section 4.4.2). */
export const MIN_SIGNATURE_SECONDS = 86_400;
export const MAX_SIGNATURE_SECONDS = 7_776_000;
/** The longest timer of an SOA: a year, where RFC 1912 section 2.2 advises weeks. */
export const MAX_SOA_SECONDS = 31_536_000;
export const MAX_WEIGHT = 65_535;
export const MAX_CAPACITY = 1_000_000_000;
export const MAX_BIAS = 99;

export const MIN_INTERVAL_MS = 100;
export const MAX_INTERVAL_MS = 3_600_000;
export const MIN_TIMEOUT_MS = 10;
export const MAX_TIMEOUT_MS = 60_000;
export const MAX_FALL_RISE = 100;

/** What a server says of itself (RFC 5001), beside which an answer of 512 bytes must have room. */
export const MAX_NSID_BYTES = 64;
/** One character-string of a TXT record. */
export const MAX_CHAOS_BYTES = 255;
/** Secrets of server cookies: the newest, and those before it whose cookies are still out. */
export const MAX_COOKIE_SECRETS = 3;

// The numbers of DNS and their names, both ways: record types, classes, opcodes, response codes, EDNS options. A number
// without a name is written TYPE123, CLASS123 (RFC 3597 section 5), OPCODE5, RCODE17, OPTION9, and read back alike.
// Source: the IANA registry "Domain Name System (DNS) Parameters".

export const TYPE_A = 1;
export const TYPE_NS = 2;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_PTR = 12;
export const TYPE_HINFO = 13;
export const TYPE_MX = 15;
export const TYPE_TXT = 16;
export const TYPE_AFSDB = 18;
export const TYPE_RT = 21;
export const TYPE_AAAA = 28;
export const TYPE_SRV = 33;
export const TYPE_NAPTR = 35;
export const TYPE_KX = 36;
export const TYPE_DNAME = 39;
export const TYPE_OPT = 41;
export const TYPE_DS = 43;
export const TYPE_RRSIG = 46;
export const TYPE_NSEC = 47;
export const TYPE_NSEC3 = 50;
export const TYPE_NSEC3PARAM = 51;
export const TYPE_DNSKEY = 48;
export const TYPE_CDS = 59;
export const TYPE_CDNSKEY = 60;
export const TYPE_SVCB = 64;
export const TYPE_HTTPS = 65;
/** RFC 9824 section 3.5: in an NSEC only, of a name that is not there. */
export const TYPE_NXNAME = 128;
export const TYPE_TSIG = 250;
export const TYPE_IXFR = 251;
export const TYPE_AXFR = 252;
export const TYPE_ANY = 255;

export const CLASS_IN = 1;
export const CLASS_CH = 3;
export const CLASS_NONE = 254;
export const CLASS_ANY = 255;

/** RFC 1996. */
export const OPCODE_NOTIFY = 4;

export const RCODE_NOERROR = 0;
export const RCODE_FORMERR = 1;
export const RCODE_SERVFAIL = 2;
export const RCODE_NXDOMAIN = 3;
export const RCODE_NOTIMP = 4;
export const RCODE_REFUSED = 5;
/** RFC 6672 section 2.2: a DNAME would make the name too long. */
export const RCODE_YXDOMAIN = 6;
/** RFC 8945 section 5.2: not authorized; RFC 5936 section 2.2.1: not authoritative for the zone. */
export const RCODE_NOTAUTH = 9;
/** Extended (RFC 6891 section 9): its upper eight bits travel in the OPT record. */
export const RCODE_BADVERS = 16;
/** Extended: the server cookie is missing or wrong (RFC 7873 section 8). */
export const RCODE_BADCOOKIE = 23;

export const OPTION_NSID = 3;
export const OPTION_CLIENT_SUBNET = 8;
export const OPTION_COOKIE = 10;
export const OPTION_KEEPALIVE = 11;
export const OPTION_PADDING = 12;
export const OPTION_EXTENDED_ERROR = 15;

const TYPES: readonly (readonly [number, string])[] = [
  [TYPE_A, 'A'],
  [TYPE_NS, 'NS'],
  [3, 'MD'],
  [4, 'MF'],
  [TYPE_CNAME, 'CNAME'],
  [TYPE_SOA, 'SOA'],
  [7, 'MB'],
  [8, 'MG'],
  [9, 'MR'],
  [10, 'NULL'],
  [11, 'WKS'],
  [TYPE_PTR, 'PTR'],
  [TYPE_HINFO, 'HINFO'],
  [14, 'MINFO'],
  [TYPE_MX, 'MX'],
  [TYPE_TXT, 'TXT'],
  [17, 'RP'],
  [TYPE_AFSDB, 'AFSDB'],
  [19, 'X25'],
  [20, 'ISDN'],
  [TYPE_RT, 'RT'],
  [22, 'NSAP'],
  [23, 'NSAP-PTR'],
  [24, 'SIG'],
  [25, 'KEY'],
  [26, 'PX'],
  [27, 'GPOS'],
  [TYPE_AAAA, 'AAAA'],
  [29, 'LOC'],
  [30, 'NXT'],
  [31, 'EID'],
  [32, 'NIMLOC'],
  [TYPE_SRV, 'SRV'],
  [34, 'ATMA'],
  [TYPE_NAPTR, 'NAPTR'],
  [TYPE_KX, 'KX'],
  [37, 'CERT'],
  [38, 'A6'],
  [TYPE_DNAME, 'DNAME'],
  [40, 'SINK'],
  [TYPE_OPT, 'OPT'],
  [42, 'APL'],
  [TYPE_DS, 'DS'],
  [44, 'SSHFP'],
  [45, 'IPSECKEY'],
  [TYPE_RRSIG, 'RRSIG'],
  [TYPE_NSEC, 'NSEC'],
  [TYPE_DNSKEY, 'DNSKEY'],
  [49, 'DHCID'],
  [TYPE_NSEC3, 'NSEC3'],
  [TYPE_NSEC3PARAM, 'NSEC3PARAM'],
  [52, 'TLSA'],
  [53, 'SMIMEA'],
  [55, 'HIP'],
  [56, 'NINFO'],
  [57, 'RKEY'],
  [58, 'TALINK'],
  [TYPE_CDS, 'CDS'],
  [TYPE_CDNSKEY, 'CDNSKEY'],
  [61, 'OPENPGPKEY'],
  [62, 'CSYNC'],
  [63, 'ZONEMD'],
  [TYPE_SVCB, 'SVCB'],
  [TYPE_HTTPS, 'HTTPS'],
  [66, 'DSYNC'],
  [67, 'HHIT'],
  [68, 'BRID'],
  [99, 'SPF'],
  [100, 'UINFO'],
  [101, 'UID'],
  [102, 'GID'],
  [103, 'UNSPEC'],
  [104, 'NID'],
  [105, 'L32'],
  [106, 'L64'],
  [107, 'LP'],
  [108, 'EUI48'],
  [109, 'EUI64'],
  [128, 'NXNAME'],
  [249, 'TKEY'],
  [TYPE_TSIG, 'TSIG'],
  [TYPE_IXFR, 'IXFR'],
  [TYPE_AXFR, 'AXFR'],
  [253, 'MAILB'],
  [254, 'MAILA'],
  [TYPE_ANY, 'ANY'],
  [256, 'URI'],
  [257, 'CAA'],
  [258, 'AVC'],
  [259, 'DOA'],
  [260, 'AMTRELAY'],
  [261, 'RESINFO'],
  [262, 'WALLET'],
  [263, 'CLA'],
  [264, 'IPN'],
  [32768, 'TA'],
  [32769, 'DLV'],
];

const CLASSES: readonly (readonly [number, string])[] = [
  [CLASS_IN, 'IN'],
  [CLASS_CH, 'CH'],
  [4, 'HS'],
  [CLASS_NONE, 'NONE'],
  [CLASS_ANY, 'ANY'],
];

const OPCODES: readonly (readonly [number, string])[] = [
  [0, 'QUERY'],
  [1, 'IQUERY'],
  [2, 'STATUS'],
  [4, 'NOTIFY'],
  [5, 'UPDATE'],
  [6, 'DSO'],
];

const RCODES: readonly (readonly [number, string])[] = [
  [RCODE_NOERROR, 'NOERROR'],
  [RCODE_FORMERR, 'FORMERR'],
  [RCODE_SERVFAIL, 'SERVFAIL'],
  [RCODE_NXDOMAIN, 'NXDOMAIN'],
  [RCODE_NOTIMP, 'NOTIMP'],
  [RCODE_REFUSED, 'REFUSED'],
  [RCODE_YXDOMAIN, 'YXDOMAIN'],
  [7, 'YXRRSET'],
  [8, 'NXRRSET'],
  [9, 'NOTAUTH'],
  [10, 'NOTZONE'],
  [11, 'DSOTYPENI'],
  [RCODE_BADVERS, 'BADVERS'],
  [17, 'BADKEY'],
  [18, 'BADTIME'],
  [19, 'BADMODE'],
  [20, 'BADNAME'],
  [21, 'BADALG'],
  [22, 'BADTRUNC'],
  [RCODE_BADCOOKIE, 'BADCOOKIE'],
];

const OPTIONS: readonly (readonly [number, string])[] = [
  [1, 'LLQ'],
  [2, 'UL'],
  [OPTION_NSID, 'NSID'],
  [5, 'DAU'],
  [6, 'DHU'],
  [7, 'N3U'],
  [OPTION_CLIENT_SUBNET, 'ECS'],
  [9, 'EXPIRE'],
  [OPTION_COOKIE, 'COOKIE'],
  [OPTION_KEEPALIVE, 'KEEPALIVE'],
  [OPTION_PADDING, 'PADDING'],
  [13, 'CHAIN'],
  [14, 'KEY-TAG'],
  [OPTION_EXTENDED_ERROR, 'EDE'],
  [16, 'CLIENT-TAG'],
  [17, 'SERVER-TAG'],
  [18, 'REPORT-CHANNEL'],
  [19, 'ZONEVERSION'],
];

type Registry = {
  readonly names: ReadonlyMap<number, string>;
  readonly numbers: ReadonlyMap<string, number>;
  /** Written before a number that has no name. */
  readonly prefix: string;
  readonly greatest: number;
};

function createRegistry(entries: readonly (readonly [number, string])[], prefix: string, greatest: number): Registry {
  const numbers = new Map(entries.map(([number, name]) => [name, number]));
  return { names: new Map(entries), numbers, prefix, greatest };
}

const TYPE_REGISTRY = createRegistry(TYPES, 'TYPE', 0xffff);
const CLASS_REGISTRY = createRegistry(CLASSES, 'CLASS', 0xffff);
const OPCODE_REGISTRY = createRegistry(OPCODES, 'OPCODE', 0xf);
const RCODE_REGISTRY = createRegistry(RCODES, 'RCODE', 0xfff);
const OPTION_REGISTRY = createRegistry(OPTIONS, 'OPTION', 0xffff);

/** `A` and `TYPE1` are 1, in any case; undefined for what is no type. */
export const parseRecordType = (text: string): number | undefined => parseCode(TYPE_REGISTRY, text);
export const formatRecordType = (type: number): string => formatCode(TYPE_REGISTRY, type);
export const parseRecordClass = (text: string): number | undefined => parseCode(CLASS_REGISTRY, text);
export const formatRecordClass = (recordClass: number): string => formatCode(CLASS_REGISTRY, recordClass);
export const parseOpcode = (text: string): number | undefined => parseCode(OPCODE_REGISTRY, text);
export const formatOpcode = (opcode: number): string => formatCode(OPCODE_REGISTRY, opcode);
/** Extended response codes too (RFC 6891 section 6.1.3). */
export const parseResponseCode = (text: string): number | undefined => parseCode(RCODE_REGISTRY, text);
export const formatResponseCode = (rcode: number): string => formatCode(RCODE_REGISTRY, rcode);
export const parseEdnsOption = (text: string): number | undefined => parseCode(OPTION_REGISTRY, text);
export const formatEdnsOption = (option: number): string => formatCode(OPTION_REGISTRY, option);

function parseCode(registry: Registry, text: string): number | undefined {
  const name = text.toUpperCase();
  const known = registry.numbers.get(name);
  if (known !== undefined) return known;
  const digits = name.startsWith(registry.prefix) ? name.slice(registry.prefix.length) : '';
  return /^\d{1,5}$/.test(digits) && Number(digits) <= registry.greatest ? Number(digits) : undefined;
}

function formatCode(registry: Registry, code: number): string {
  return registry.names.get(code) ?? `${registry.prefix}${code}`;
}

/**
 * Whether the type belongs to messages only and is never stored in a zone (RFC 6895 section 3.1): meta and query types,
 * OPT, and the reserved 0.
 */
export function isMetaType(type: number): boolean {
  return type === 0 || type === TYPE_OPT || (type >= 128 && type <= 255);
}

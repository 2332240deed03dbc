// Names that stand for numbers in record data, in capitals. Each registry of IANA that RFCs let people write by name.

import type { Mnemonics } from './fields/numbers.ts';

/** IANA "DNS Security Algorithm Numbers" (RFC 4034 appendix A.1), with the names that have been in use. */
export const SECURITY_ALGORITHMS: Mnemonics = new Map([
  ['RSAMD5', 1],
  ['DH', 2],
  ['DSA', 3],
  ['RSASHA1', 5],
  ['NSEC3DSA', 6],
  ['DSA-NSEC3-SHA1', 6],
  ['NSEC3RSASHA1', 7],
  ['RSASHA1-NSEC3-SHA1', 7],
  ['RSASHA256', 8],
  ['RSASHA512', 10],
  ['ECCGOST', 12],
  ['ECC-GOST', 12],
  ['ECDSAP256SHA256', 13],
  ['ECDSAP384SHA384', 14],
  ['ED25519', 15],
  ['ED448', 16],
  ['INDIRECT', 252],
  ['PRIVATEDNS', 253],
  ['PRIVATEOID', 254],
]);

/** IANA "Delegation Signer (DS) Resource Record (RR) Type Digest Algorithms". */
export const DIGEST_TYPES: Mnemonics = new Map([
  ['SHA-1', 1],
  ['SHA1', 1],
  ['SHA-256', 2],
  ['SHA256', 2],
  ['GOST', 3],
  ['SHA-384', 4],
  ['SHA384', 4],
]);

/** IANA "DNSSEC NSEC3 Hash Algorithms". */
export const HASH_ALGORITHMS: Mnemonics = new Map([['SHA-1', 1]]);

/** RFC 4398 section 2.1. */
export const CERTIFICATE_TYPES: Mnemonics = new Map([
  ['PKIX', 1],
  ['SPKI', 2],
  ['PGP', 3],
  ['IPKIX', 4],
  ['ISPKI', 5],
  ['IPGP', 6],
  ['ACPKIX', 7],
  ['IACPKIX', 8],
  ['URI', 253],
  ['OID', 254],
]);

/** What a KEY is for (RFC 2535 section 7.1). */
export const KEY_PROTOCOLS: Mnemonics = new Map([
  ['NONE', 0],
  ['TLS', 1],
  ['EMAIL', 2],
  ['DNSSEC', 3],
  ['IPSEC', 4],
  ['ALL', 255],
]);

/** Bits of the flags of a KEY (RFC 2535 sections 3.1.2 and 7.1), and those that DNSKEY has added (RFC 4034, RFC 5011). */
export const KEY_FLAGS: Mnemonics = new Map([
  ['NOCONF', 0x4000],
  ['NOAUTH', 0x8000],
  ['NOKEY', 0xc000],
  ['FLAG2', 0x2000],
  ['EXTEND', 0x1000],
  ['FLAG4', 0x0800],
  ['FLAG5', 0x0400],
  ['USER', 0x0000],
  ['ZONE', 0x0100],
  ['HOST', 0x0200],
  ['NTYP3', 0x0300],
  ['FLAG8', 0x0080],
  ['REVOKE', 0x0080],
  ['FLAG9', 0x0040],
  ['FLAG10', 0x0020],
  ['FLAG11', 0x0010],
  ...Array.from({ length: 16 }, (_, bits): [string, number] => [`SIG${bits}`, bits]),
  ['KSK', 0x0001],
]);

/** RFC 9859 section 2.3. */
export const SYNCHRONIZATION_SCHEMES: Mnemonics = new Map([['NOTIFY', 1]]);

/** The protocols that WKS was made for (RFC 1010). */
export const INTERNET_PROTOCOLS: Mnemonics = new Map([
  ['ICMP', 1],
  ['IGMP', 2],
  ['GGP', 3],
  ['TCP', 6],
  ['EGP', 8],
  ['UDP', 17],
]);

/** Names of the services that hosts with a WKS record offer (IANA "Service Name and Transport Protocol Port Number Registry"). */
export const SERVICE_PORTS: Mnemonics = new Map([
  ['ECHO', 7],
  ['DISCARD', 9],
  ['SYSTAT', 11],
  ['DAYTIME', 13],
  ['NETSTAT', 15],
  ['QOTD', 17],
  ['CHARGEN', 19],
  ['FTP-DATA', 20],
  ['FTP', 21],
  ['SSH', 22],
  ['TELNET', 23],
  ['SMTP', 25],
  ['TIME', 37],
  ['WHOIS', 43],
  ['TACACS', 49],
  ['DOMAIN', 53],
  ['BOOTPS', 67],
  ['BOOTPC', 68],
  ['TFTP', 69],
  ['GOPHER', 70],
  ['FINGER', 79],
  ['HTTP', 80],
  ['KERBEROS', 88],
  ['POP3', 110],
  ['SUNRPC', 111],
  ['AUTH', 113],
  ['NNTP', 119],
  ['NTP', 123],
  ['IMAP2', 143],
  ['SNMP', 161],
  ['BGP', 179],
  ['IRC', 194],
  ['LDAP', 389],
  ['HTTPS', 443],
]);

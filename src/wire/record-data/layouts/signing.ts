// Types that signing makes: signatures over records and messages, and proofs of what there is not. SIG and NXT are what RRSIG
// and NSEC replaced (RFC 3755); TKEY and TSIG are in messages only. CSYNC is written by people, but lists types as NSEC does.

import type { Field } from '../field.ts';
import { nxtTypes, recordTypes } from '../fields/bitmaps.ts';
import { domainName } from '../fields/names.ts';
import { mnemonic, pointInTime, recordType, unsigned } from '../fields/numbers.ts';
import { countedBase64, type DigestLengths, digest, hashedName, remainingBase64, salt } from '../fields/octets.ts';
import { HASH_ALGORITHMS, SECURITY_ALGORITHMS } from '../mnemonics.ts';
import { type Layout, type LayoutEntry, layout } from './layout.ts';

/** SHA-384, SHA-512; others have 12 octets at least (RFC 8976 section 2.2.4). */
const ZONE_DIGEST: DigestLengths = {
  octets: new Map([
    [1, 48],
    [2, 64],
  ]),
  least: 12,
};

/** RFC 4034 section 3.1, and RFC 2535 section 4.1 before it. */
const SIGNATURE: Layout = layout(
  'A 13 3 3600 20300101000000 20291201000000 12345 example.com. followed by the signature in base64',
  recordType('type covered'),
  mnemonic('algorithm', 1, SECURITY_ALGORITHMS),
  unsigned('labels', 1),
  unsigned('original TTL', 4),
  pointInTime('expiration'),
  pointInTime('inception'),
  unsigned('key tag', 2),
  domainName("signer's name"),
  remainingBase64('signature'),
);

const hashParameters: readonly Field[] = [
  mnemonic('hash algorithm', 1, HASH_ALGORITHMS),
  unsigned('flags', 1),
  unsigned('iterations', 2),
  salt('salt'),
];

export const SIGNING_LAYOUTS: readonly LayoutEntry[] = [
  // SIG
  [24, SIGNATURE],
  // NXT
  [30, layout('next.example.com. A MX NXT', domainName('next name'), nxtTypes)],
  // RRSIG
  [46, SIGNATURE],
  // NSEC
  [47, layout('next.example.com. A MX RRSIG NSEC', domainName('next name'), recordTypes(false))],
  // NSEC3
  [
    50,
    layout(
      '1 1 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG',
      ...hashParameters,
      hashedName('next hashed name'),
      recordTypes(true),
    ),
  ],
  // NSEC3PARAM
  [51, layout('1 0 0 -', ...hashParameters)],
  // CSYNC
  [62, layout('66 3 A NS AAAA', unsigned('serial', 4), unsigned('flags', 2), recordTypes(true))],
  // ZONEMD
  [
    63,
    layout(
      '2024010100 1 1 followed by 96 hexadecimal digits',
      unsigned('serial', 4),
      unsigned('scheme', 1),
      unsigned('hash algorithm', 1),
      digest('digest', ZONE_DIGEST),
    ),
  ],
  // TKEY (RFC 2930 section 2)
  [
    249,
    layout(
      'gss-tsig. 20300101000000 20300102000000 3 0 3 AQID 0',
      domainName('algorithm'),
      pointInTime('inception'),
      pointInTime('expiration'),
      unsigned('mode', 2),
      unsigned('error', 2),
      countedBase64('key'),
      countedBase64('other data'),
    ),
  ],
  // TSIG (RFC 8945 section 4.2)
  [
    250,
    layout(
      'hmac-sha256. 1700000000 300 3 AQID 4711 0 0',
      domainName('algorithm'),
      unsigned('time signed', 6),
      unsigned('fudge', 2),
      countedBase64('MAC'),
      unsigned('original id', 2),
      unsigned('error', 2),
      countedBase64('other data'),
    ),
  ],
];

// Types whose data is keys and certificates, or their digests.

import { type Field, NOTHING, oneOf } from '../field.ts';
import { gateway } from '../fields/gateways.ts';
import { domainNames } from '../fields/names.ts';
import { flags, mnemonic, unsigned } from '../fields/numbers.ts';
import { type DigestLengths, digest, hostIdentity, remainingBase64 } from '../fields/octets.ts';
import { CERTIFICATE_TYPES, DIGEST_TYPES, KEY_FLAGS, KEY_PROTOCOLS, SECURITY_ALGORITHMS } from '../mnemonics.ts';
import { type Layout, type LayoutEntry, layout } from './layout.ts';

/** SHA-1, SHA-256, GOST R 34.11-94, SHA-384 (RFC 4034, 4509, 5933, 6605). */
const DS_DIGEST: DigestLengths = {
  octets: new Map([
    [1, 20],
    [2, 32],
    [3, 32],
    [4, 48],
  ]),
  least: 1,
};
/** SHA-1, SHA-256 (RFC 4255, 6594). */
const FINGERPRINT: DigestLengths = {
  octets: new Map([
    [1, 20],
    [2, 32],
  ]),
  least: 1,
};
/** SHA-256, SHA-512; 0 is the whole certificate or key (RFC 6698 section 2.1.3). */
const ASSOCIATION: DigestLengths = {
  octets: new Map([
    [1, 32],
    [2, 64],
  ]),
  least: 1,
};
const algorithm: Field = mnemonic('algorithm', 1, SECURITY_ALGORITHMS);

const DS: Layout = layout(
  '12345 13 2 followed by 64 hexadecimal digits',
  unsigned('key tag', 2),
  algorithm,
  mnemonic('digest type', 1, DIGEST_TYPES),
  digest('digest', DS_DIGEST),
);

const keyWith = (key: Field): Layout =>
  layout(
    '257 3 13 followed by the key in base64',
    flags('flags', KEY_FLAGS),
    mnemonic('protocol', 1, KEY_PROTOCOLS),
    algorithm,
    key,
  );

const DNSKEY: Layout = keyWith(remainingBase64('public key'));

/** The first two bits of the flags of a KEY both set mean that there is none (RFC 2535 section 3.1.2). */
const NO_KEY_BITS = 0xc0;
const hasKey = (data: ArrayLike<number>) => ((data[0] ?? 0) & NO_KEY_BITS) !== NO_KEY_BITS;
const KEY: Layout = keyWith(oneOf((data) => (hasKey(data) ? 1 : 0), [NOTHING, remainingBase64('public key')]));

const TLSA: Layout = layout(
  '3 1 1 followed by 64 hexadecimal digits',
  unsigned('certificate usage', 1),
  unsigned('selector', 1),
  unsigned('matching type', 1),
  digest('certificate association', ASSOCIATION),
);

/** RFC 4025 section 2.4: algorithm 0 says that there is no key. */
const ipsecKey: Field = oneOf(
  (data) => (data[2] === 0 ? 0 : 1),
  [remainingBase64('public key', true), remainingBase64('public key')],
);

const identityData = (name: string): Layout => layout(`the ${name} in base64`, remainingBase64(name));

export const KEY_LAYOUTS: readonly LayoutEntry[] = [
  // KEY
  [25, KEY],
  // CERT
  [
    37,
    layout(
      'PKIX 0 0 followed by the certificate in base64',
      mnemonic('certificate type', 2, CERTIFICATE_TYPES, true),
      unsigned('key tag', 2),
      mnemonic('algorithm', 1, SECURITY_ALGORITHMS, true),
      remainingBase64('certificate'),
    ),
  ],
  // DS
  [43, DS],
  // SSHFP
  [
    44,
    layout(
      '4 2 followed by 64 hexadecimal digits',
      unsigned('algorithm', 1),
      unsigned('fingerprint type', 1),
      digest('fingerprint', FINGERPRINT),
    ),
  ],
  // IPSECKEY
  [
    45,
    layout(
      '10 1 2 192.0.2.1 followed by the key in base64',
      unsigned('precedence', 1),
      unsigned('gateway type', 1, 3),
      unsigned('algorithm', 1),
      gateway('gateway', (data) => data[1] ?? 0),
      ipsecKey,
    ),
  ],
  // DNSKEY
  [48, DNSKEY],
  // DHCID
  [49, identityData('identifier')],
  // TLSA, SMIMEA
  [52, TLSA],
  [53, TLSA],
  // HIP
  [
    55,
    layout(
      '2 200100107b1a74df365639cc39f1d578 followed by the key in base64 and perhaps names',
      hostIdentity,
      domainNames('rendezvous server'),
    ),
  ],
  // RKEY
  [
    57,
    layout(
      '0 3 13 followed by the key in base64',
      unsigned('flags', 2, 0),
      mnemonic('protocol', 1, KEY_PROTOCOLS),
      algorithm,
      remainingBase64('public key'),
    ),
  ],
  // CDS, CDNSKEY
  [59, DS],
  [60, DNSKEY],
  // OPENPGPKEY
  [61, identityData('key')],
  // HHIT, BRID
  [67, identityData('identity tag')],
  [68, identityData('identity')],
  // TA, DLV
  [32768, DS],
  [32769, DS],
];

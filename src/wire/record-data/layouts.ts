// What the data of each record type is made of, field by field, in the order of the wire, which is also that of the text.
// A type that is not here is written in the form of RFC 3597 section 5, `\# length hexadecimal`.

import {
  characterString,
  characterStrings,
  digest,
  domainName,
  type Field,
  ipv4Address,
  ipv6Address,
  remainingBase64,
  remainingText,
  tag,
  unsigned,
} from './fields.ts';
import { serviceParameters } from './service-parameters.ts';

export type Layout = {
  readonly fields: readonly Field[];
  /** Shown in problems. */
  readonly example: string;
};

/** SHA-1, SHA-256, GOST R 34.11-94, SHA-384 (RFC 4034, 4509, 5933, 6605). */
const DS_DIGEST_OCTETS = new Map([
  [1, 20],
  [2, 32],
  [3, 32],
  [4, 48],
]);
/** SHA-1, SHA-256 (RFC 4255, 6594). */
const FINGERPRINT_OCTETS = new Map([
  [1, 20],
  [2, 32],
]);
/** SHA-256, SHA-512; 0 is the whole certificate or key (RFC 6698 section 2.1.3). */
const ASSOCIATION_OCTETS = new Map([
  [1, 32],
  [2, 64],
]);

const oneName = (name: string, example: string): Layout => ({ fields: [domainName(name)], example });

const TEXT: Layout = { fields: [characterStrings], example: '"some text" "and more of it"' };

const DS: Layout = {
  fields: [
    unsigned('key tag', 2),
    unsigned('algorithm', 1),
    unsigned('digest type', 1),
    digest('digest', DS_DIGEST_OCTETS),
  ],
  example: '12345 13 2 followed by 64 hexadecimal digits',
};

const DNSKEY: Layout = {
  fields: [unsigned('flags', 2), unsigned('protocol', 1), unsigned('algorithm', 1), remainingBase64('public key')],
  example: '257 3 13 followed by the key in base64',
};

const TLSA: Layout = {
  fields: [
    unsigned('certificate usage', 1),
    unsigned('selector', 1),
    unsigned('matching type', 1),
    digest('certificate association', ASSOCIATION_OCTETS),
  ],
  example: '3 1 1 followed by 64 hexadecimal digits',
};

const SERVICE_BINDING: Layout = {
  fields: [unsigned('priority', 2), domainName('target'), serviceParameters],
  example: '1 . alpn="h2,h3" ipv4hint=192.0.2.1',
};

/** By number of type. */
export const LAYOUTS: ReadonlyMap<number, Layout> = new Map<number, Layout>([
  [1, { fields: [ipv4Address], example: '192.0.2.1' }],
  [2, oneName('name server', 'ns1.example.com.')],
  [5, oneName('target', 'www.example.com.')],
  [
    6,
    {
      fields: [
        domainName('primary name server'),
        domainName('mailbox'),
        unsigned('serial', 4),
        unsigned('refresh', 4),
        unsigned('retry', 4),
        unsigned('expire', 4),
        unsigned('minimum', 4),
      ],
      example: 'ns1.example.com. hostmaster.example.com. 1 1800 600 604800 60',
    },
  ],
  [12, oneName('target', 'host.example.com.')],
  [13, { fields: [characterString('CPU'), characterString('operating system')], example: '"ARM64" "Linux"' }],
  [15, { fields: [unsigned('preference', 2), domainName('mail server')], example: '10 mail.example.com.' }],
  [16, TEXT],
  [17, { fields: [domainName('mailbox'), domainName('text name')], example: 'admin.example.com. .' }],
  [18, { fields: [unsigned('subtype', 2), domainName('server')], example: '1 afs.example.com.' }],
  [28, { fields: [ipv6Address], example: '2001:db8::1' }],
  [
    33,
    {
      fields: [unsigned('priority', 2), unsigned('weight', 2), unsigned('port', 2), domainName('target')],
      example: '0 5 5060 sip.example.com.',
    },
  ],
  [
    35,
    {
      fields: [
        unsigned('order', 2),
        unsigned('preference', 2),
        characterString('flags'),
        characterString('services'),
        characterString('regular expression'),
        domainName('replacement'),
      ],
      example: '100 10 "S" "SIP+D2U" "" _sip._udp.example.com.',
    },
  ],
  [39, oneName('target', 'other.example.com.')],
  [43, DS],
  [
    44,
    {
      fields: [unsigned('algorithm', 1), unsigned('fingerprint type', 1), digest('fingerprint', FINGERPRINT_OCTETS)],
      example: '4 2 followed by 64 hexadecimal digits',
    },
  ],
  [48, DNSKEY],
  [52, TLSA],
  [53, TLSA],
  [59, DS],
  [60, DNSKEY],
  [61, { fields: [remainingBase64('key')], example: 'the key in base64' }],
  [64, SERVICE_BINDING],
  [65, SERVICE_BINDING],
  [99, TEXT],
  [
    256,
    {
      fields: [unsigned('priority', 2), unsigned('weight', 2), remainingText('target', false)],
      example: '10 1 "https://www.example.com/"',
    },
  ],
  [
    257,
    {
      fields: [unsigned('flags', 1), tag('tag'), remainingText('value', true)],
      example: '0 issue "ca.example.net"',
    },
  ],
]);

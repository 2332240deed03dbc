// Types whose data is names, perhaps with numbers before them: who serves what, and where mail and services are.

import { domainName } from '../fields/names.ts';
import { duration, mnemonic, recordType, unsigned } from '../fields/numbers.ts';
import { characterString, remainingText } from '../fields/strings.ts';
import { SYNCHRONIZATION_SCHEMES } from '../mnemonics.ts';
import { serviceParameters } from '../service-parameters.ts';
import { type Layout, type LayoutEntry, layout, oneName } from './layout.ts';

const preferredName = (name: string, example: string): Layout =>
  layout(example, unsigned('preference', 2), domainName(name));

/** RFC 9460 section 2. */
const SERVICE_BINDING: Layout = layout(
  '1 . alpn="h2,h3" ipv4hint=192.0.2.1',
  unsigned('priority', 2),
  domainName('target'),
  serviceParameters,
);

export const NAME_LAYOUTS: readonly LayoutEntry[] = [
  // NS
  [2, oneName('name server', 'ns1.example.com.')],
  // MD, MF
  [3, oneName('mail agent', 'mail.example.com.')],
  [4, oneName('mail agent', 'mail.example.com.')],
  // CNAME
  [5, oneName('target', 'www.example.com.')],
  // SOA
  [
    6,
    layout(
      'ns1.example.com. hostmaster.example.com. 1 1800 600 604800 60',
      domainName('primary name server'),
      domainName('mailbox'),
      unsigned('serial', 4),
      duration('refresh'),
      duration('retry'),
      duration('expire'),
      duration('minimum'),
    ),
  ],
  // MB, MG, MR
  [7, oneName('mailbox host', 'host.example.com.')],
  [8, oneName('mailbox', 'member.example.com.')],
  [9, oneName('new mailbox', 'mailbox.example.com.')],
  // PTR
  [12, oneName('target', 'host.example.com.')],
  // MINFO
  [
    14,
    layout('owner.list.example.com. errors.list.example.com.', domainName('mailbox'), domainName('mailbox for errors')),
  ],
  // MX
  [15, preferredName('mail server', '10 mail.example.com.')],
  // RP
  [17, layout('admin.example.com. .', domainName('mailbox'), domainName('text name'))],
  // AFSDB
  [18, layout('1 afs.example.com.', unsigned('subtype', 2), domainName('server'))],
  // RT
  [21, preferredName('intermediate host', '10 relay.example.com.')],
  // NSAP-PTR
  [23, oneName('target', 'host.example.com.')],
  // PX
  [
    26,
    layout(
      '10 mail.example.com. prmd-a.admd-b.c-it.x400.example.com.',
      unsigned('preference', 2),
      domainName('RFC 822 domain'),
      domainName('X.400 domain'),
    ),
  ],
  // SRV
  [
    33,
    layout(
      '0 5 5060 sip.example.com.',
      unsigned('priority', 2),
      unsigned('weight', 2),
      unsigned('port', 2),
      domainName('target'),
    ),
  ],
  // NAPTR
  [
    35,
    layout(
      '100 10 "S" "SIP+D2U" "" _sip._udp.example.com.',
      unsigned('order', 2),
      unsigned('preference', 2),
      characterString('flags'),
      characterString('services'),
      characterString('regular expression'),
      domainName('replacement'),
    ),
  ],
  // KX
  [36, preferredName('key exchanger', '10 kx.example.com.')],
  // DNAME
  [39, oneName('target', 'other.example.com.')],
  // TALINK
  [58, layout('previous.example.com. next.example.com.', domainName('previous name'), domainName('next name'))],
  // SVCB, HTTPS
  [64, SERVICE_BINDING],
  [65, SERVICE_BINDING],
  // DSYNC
  [
    66,
    layout(
      'CDS NOTIFY 5359 scanner.example.net.',
      recordType('record type'),
      mnemonic('scheme', 1, SYNCHRONIZATION_SCHEMES, true),
      unsigned('port', 2),
      domainName('target'),
    ),
  ],
  // LP
  [107, preferredName('name of locators', '10 l64-subnet.example.com.')],
  // URI
  [
    256,
    layout(
      '10 1 "https://www.example.com/"',
      unsigned('priority', 2),
      unsigned('weight', 2),
      remainingText('target', false),
    ),
  ],
];

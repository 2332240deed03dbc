// Types whose data is text or octets for applications, which give it its meaning.

import { unsigned } from '../fields/numbers.ts';
import { base64OrHyphen, remainingBase64 } from '../fields/octets.ts';
import { characterString, remainingText, tag } from '../fields/strings.ts';
import { type LayoutEntry, layout, someText } from './layout.ts';

export const APPLICATION_LAYOUTS: readonly LayoutEntry[] = [
  // TXT
  [16, someText()],
  // SINK
  [
    40,
    layout(
      '64 1 0 followed by the data in base64',
      unsigned('meaning', 1),
      unsigned('coding', 1),
      unsigned('subcoding', 1),
      remainingBase64('data', true),
    ),
  ],
  // NINFO
  [56, someText()],
  // SPF
  [99, someText('"v=spf1 mx -all"')],
  // CAA
  [257, layout('0 issue "ca.example.net"', unsigned('flags', 1), tag('tag'), remainingText('value', true))],
  // AVC
  [258, someText('"app-name:NAME|app-class:CLASS"')],
  // DOA
  [
    259,
    layout(
      '0 1 2 "text/plain" followed by the data in base64, or -',
      unsigned('enterprise', 4),
      unsigned('object type', 4),
      unsigned('location', 1),
      characterString('media type'),
      base64OrHyphen('data'),
    ),
  ],
  // RESINFO (RFC 9606)
  [261, someText('qnamemin exterr=15,16,17 infourl=https://resolver.example.com/guide')],
  // WALLET
  [262, someText('"CURRENCY" "address"')],
  // CLA
  [263, someText('"TCP-v4-v6"')],
];

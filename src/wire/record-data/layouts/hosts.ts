// Types whose data says where and what a host is: addresses of every kind of network, and places on earth.

import { optional } from '../field.ts';
import {
  atmAddress,
  groupsOf64Bits,
  hyphenatedOctets,
  ipv4Address,
  ipv6Address,
  nsapAddress,
} from '../fields/addresses.ts';
import { ports } from '../fields/bitmaps.ts';
import { discoveryAndRelayType, gateway, relayTypeOf } from '../fields/gateways.ts';
import { location } from '../fields/location.ts';
import { mnemonic, unsigned } from '../fields/numbers.ts';
import { remainingHex } from '../fields/octets.ts';
import { addressPrefixes, addressSuffix, prefixName } from '../fields/prefixes.ts';
import { characterString, digits } from '../fields/strings.ts';
import { INTERNET_PROTOCOLS, SERVICE_PORTS } from '../mnemonics.ts';
import { type LayoutEntry, layout } from './layout.ts';

export const HOST_LAYOUTS: readonly LayoutEntry[] = [
  // A
  [1, layout('192.0.2.1', ipv4Address)],
  // WKS
  [
    11,
    layout('192.0.2.1 tcp smtp 8080', ipv4Address, mnemonic('protocol', 1, INTERNET_PROTOCOLS), ports(SERVICE_PORTS)),
  ],
  // HINFO
  [13, layout('"ARM64" "Linux"', characterString('CPU'), characterString('operating system'))],
  // X25
  [19, layout('311061700956', digits('PSDN address', 4))],
  // ISDN
  [20, layout('"150862028003217" "004"', characterString('ISDN address'), optional(characterString('subaddress')))],
  // NSAP
  [22, layout('0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00', nsapAddress)],
  // GPOS
  [
    27,
    layout(
      '-32.6882 116.8652 10.0',
      characterString('longitude'),
      characterString('latitude'),
      characterString('altitude'),
    ),
  ],
  // AAAA
  [28, layout('2001:db8::1', ipv6Address)],
  // LOC
  [29, layout('42 21 54 N 71 06 18 W -24m 30m', location)],
  // EID, NIMLOC
  [31, layout('e32c6f78163a9348', remainingHex('endpoint identifier'))],
  [32, layout('32251a030067', remainingHex('Nimrod locator'))],
  // ATMA
  [34, layout('39.246f.000e7c9c031200010001000012345678.00', atmAddress)],
  // A6
  [38, layout('64 ::1234:5678 subnet.example.com.', unsigned('prefix length', 1, 128), addressSuffix, prefixName)],
  // APL
  [42, layout('1:192.0.2.0/24 !1:192.0.2.64/28 2:2001:db8::/32', addressPrefixes)],
  // NID
  [104, layout('10 14:4fff:ff20:ee64', unsigned('preference', 2), groupsOf64Bits('node id'))],
  // L32
  [105, layout('10 192.0.2.0', unsigned('preference', 2), ipv4Address)],
  // L64
  [106, layout('10 2001:db8:1140:1000', unsigned('preference', 2), groupsOf64Bits('locator'))],
  // EUI48, EUI64
  [108, layout('00-00-5e-00-53-2a', hyphenatedOctets(6))],
  [109, layout('00-00-5e-ef-10-00-00-2a', hyphenatedOctets(8))],
  // AMTRELAY
  [260, layout('10 0 1 192.0.2.1', unsigned('precedence', 1), discoveryAndRelayType, gateway('relay', relayTypeOf))],
];

// Whether a private key that is brought along is the one that it is taken for. The key itself does not say what it is for: the
// DNSKEY that it was published by does (RFC 4034 section 2.1.1), as `dnssec-keygen` and its like write it beside the private key.

import type { KeyRecord } from './keyring.ts';

const FLAG_ZONE = 0x100;
const FLAG_SEP = 0x001;
/** RFC 5011 section 3. */
const FLAG_REVOKE = 0x080;

const DNSKEY =
  /^[ \t]*(\S+)[ \t]+(?:\d\S*[ \t]+)?(?:IN[ \t]+)?DNSKEY[ \t]+(\d{1,5})[ \t]+3[ \t]+(\d{1,3})[ \t]+([A-Za-z0-9+/= \t]+)/im;

/** @param text a DNSKEY as a line of a master file. Undefined: it agrees; otherwise what does not. */
export function judgeImport(
  text: string,
  zone: string,
  { role, algorithm, publicKey }: Pick<KeyRecord, 'role' | 'algorithm' | 'publicKey'>,
): string | undefined {
  const [, owner = '', flagsText, algorithmText, key = ''] = DNSKEY.exec(text) ?? [];
  if (flagsText === undefined)
    return 'the DNSKEY cannot be read: write it in a line, like example.org. IN DNSKEY 257 3 13 and the key';
  if (owner.toLowerCase().replace(/\.$/, '') !== zone) return `the DNSKEY is that of ${owner}, not of ${zone}`;
  if (Number(algorithmText) !== algorithm || key.replace(/[ \t]/g, '') !== publicKey) {
    return 'the DNSKEY is that of another private key: import the two that belong together';
  }
  const flags = Number(flagsText);
  if ((flags & FLAG_ZONE) === 0) return `the flags ${flags} of the DNSKEY are those of no key of a zone`;
  if ((flags & FLAG_REVOKE) !== 0)
    return `the flags ${flags} of the DNSKEY say that it was revoked: validators trust it no more`;
  const isKeySigner = (flags & FLAG_SEP) !== 0;
  if (isKeySigner === (role !== 'zsk')) return undefined;
  return `the flags ${flags} of the DNSKEY are those of a ${isKeySigner ? 'KSK (or CSK)' : 'ZSK'}: it cannot be imported as ${role}`;
}

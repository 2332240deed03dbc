// Hexadecimal (RFC 4648 section 8), base64 (section 4) and base32hex (section 7) between text and octets, strict: even digits,
// right padding, no stray bits. The text may not hold blanks; the caller has joined its parts.

const HEX = /^(?:[0-9a-f]{2})*$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function parseHex(text: string): readonly number[] | undefined {
  if (!HEX.test(text)) return undefined;
  return Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}

export function formatHex(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += octet.toString(16).padStart(2, '0');
  return text;
}

export function parseBase64(text: string): readonly number[] | undefined {
  if (!BASE64.test(text)) return undefined;
  const octets = Array.from(atob(text), (character) => character.charCodeAt(0));
  // Bits beyond the last octet must be zero, so that every sequence of octets has one text.
  return formatBase64(Uint8Array.from(octets)) === text ? octets : undefined;
}

export function formatBase64(octets: Uint8Array): string {
  let binary = '';
  for (const octet of octets) binary += String.fromCharCode(octet);
  return btoa(binary);
}

const BASE32HEX_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** Base32 with the alphabet that sorts as the octets do (RFC 4648 section 7), in any case, without padding. */
export function parseBase32Hex(text: string): readonly number[] | undefined {
  const octets: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const character of text.toUpperCase()) {
    bits = ((bits << 5) | BASE32HEX_DIGITS.indexOf(character)) & 0xfff;
    bitCount += 5;
    if (bitCount < 8) continue;
    bitCount -= 8;
    octets.push((bits >>> bitCount) & 0xff);
  }
  // What is no digit, or bits beyond the last octet, would not come out as it went in.
  return formatBase32Hex(Uint8Array.from(octets)) === text.toUpperCase() ? octets : undefined;
}

export function formatBase32Hex(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let bitCount = 0;
  for (const octet of octets) {
    bits = ((bits << 8) | octet) & 0xfff;
    bitCount += 8;
    for (; bitCount >= 5; bitCount -= 5) text += BASE32HEX_DIGITS[(bits >>> (bitCount - 5)) & 31];
  }
  return bitCount === 0 ? text : text + BASE32HEX_DIGITS[(bits << (5 - bitCount)) & 31];
}

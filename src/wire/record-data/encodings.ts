// Hexadecimal (RFC 4648 section 8) and base64 (section 4) between text and octets, strict: even digits, right padding, no
// stray bits. The text may not hold blanks; the caller has joined its parts.

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

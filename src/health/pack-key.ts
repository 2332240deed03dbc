// A public key of Ed25519 as text and as its 32 octets. The text is SubjectPublicKeyInfo in base64 (RFC 8410 section 4): a head of
// 12 octets, which is the same for all, and the key.

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const HEAD = '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00';

/** Undefined for any other text. */
export function packPublicKey(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]{59}=$/.test(text)) return undefined;
  const octets = atob(text);
  if (!octets.startsWith(HEAD)) return undefined;
  return Uint8Array.from(octets.slice(HEAD.length), (octet) => octet.charCodeAt(0));
}

export function unpackPublicKey(key: Uint8Array): string {
  return btoa(HEAD + String.fromCharCode(...key));
}

// Reads a name that may be compressed (RFC 1035 section 4.1.4) out of a message. Hostile pointers cannot loop: each must point
// strictly before the place where the part that it ends began, and there is a limit on how many there may be.
//
//   12: 3 w w w 7 e x a m p l e 3 c o m 0        40: 4 m a i l → 16        mail.example.com

import { MAX_LABEL_BYTES, MAX_LABELS, MAX_NAME_BYTES } from './flat-name.ts';
import { copyBytes } from './write-bytes.ts';

/** `short`: the bytes end before the message does. `form`: no more bytes could make it right. */
export type ParseFault = 'short' | 'form';

/** The name, uncompressed, and the offset behind the place where it stood. */
export type DecompressedName = { readonly name: Uint8Array; readonly end: number };

const HEADER_BYTES = 12;
/** More pointers than labels have no use. */
const MAX_POINTERS = MAX_LABELS;
/** Where a name grows until its length is known. One for all: a transfer has millions, and nothing here waits while it holds it. */
const scratch = new Uint8Array(MAX_NAME_BYTES);

export function decompressName(bytes: Uint8Array, start: number): DecompressedName | ParseFault {
  let length = 0;
  let at = start;
  let partStart = start;
  let end = -1;
  for (let pointers = 0; pointers <= MAX_POINTERS; ) {
    const octet = bytes[at];
    if (octet === undefined) return 'short';
    if (octet >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return 'short';
      const target = ((octet & 0x3f) << 8) | low;
      if (target >= partStart || target < HEADER_BYTES) return 'form';
      if (end < 0) end = at + 2;
      at = target;
      partStart = target;
      pointers++;
      continue;
    }
    // 01 and 10 begin label types that were never or are no longer in use (RFC 6891 section 5).
    if (octet > MAX_LABEL_BYTES) return 'form';
    const next = at + 1 + octet;
    // Room for the label and, behind it, for the root label.
    if (length + 1 + octet + (octet === 0 ? 0 : 1) > MAX_NAME_BYTES) return 'form';
    if (next > bytes.length) return 'short';
    length = copyBytes(scratch, length, bytes, at, 1 + octet);
    at = next;
    if (octet === 0) return { name: scratch.slice(0, length), end: end < 0 ? at : end };
  }
  return 'form';
}

// NOTIFY (RFC 1996): a primary says that a zone has changed, which is passed on to whoever copies the zone. Nothing of what it
// says is believed, neither its answer section (section 3.7) nor, where the primary has a key, its address.

import { formatAddress } from '../model/address.ts';
import { type CompiledPrimary, NONE } from '../snapshot/snapshot.ts';
import { NOT_AUTHORITATIVE, PROHIBITED } from '../wire/extended-error.ts';
import { formatName } from '../wire/name.ts';
import { CLASS_IN, RCODE_NOERROR, RCODE_NOTAUTH, RCODE_REFUSED } from '../wire/record-types.ts';
import { noteExtendedError } from '../wire/response-options.ts';
import { countHint, HINT_ACCEPTED, HINT_NOT_AUTHORITATIVE, HINT_REFUSED } from './counters.ts';
import type { Client, Desk } from './desk.ts';
import { findName } from './find-name.ts';
import { imputeName } from './limit-answer.ts';

/**
 * Section 4.7: NOERROR with AA and the question alone, "intended to be identical to the NOTIFY request, except that the QR bit is
 * also set". Section 3.10 would have others ignored: they are told that they are, as they are elsewhere, so that whoever
 * configured them finds out. Returns the rcode.
 */
export function answerNotify(desk: Desk): number {
  const { query, found, snapshot, counters, response, client, tsigSigner } = desk;
  const { zones } = snapshot;
  findName(zones, query.name, found);
  desk.zone = found.zone;
  if (desk.limiter !== undefined) imputeName(desk);
  const isApex = found.zone !== NONE && found.image.name.length === query.name.length;
  if (!isApex || query.class !== CLASS_IN) {
    countHint(counters, HINT_NOT_AUTHORITATIVE);
    noteExtendedError(response, NOT_AUTHORITATIVE);
    return RCODE_NOTAUTH;
  }
  const key = tsigSigner === undefined ? undefined : formatName(tsigSigner.key.name);
  if (!mayNotify(zones.primaries[found.zone], client, key)) {
    countHint(counters, HINT_REFUSED);
    noteExtendedError(response, PROHIBITED);
    return RCODE_REFUSED;
  }
  countHint(counters, HINT_ACCEPTED);
  desk.notifyHints?.note({ zone: zones.names[found.zone] ?? '', address: addressOf(client) });
  desk.authoritative = true;
  return RCODE_NOERROR;
}

/**
 * Whether a primary says so: by its address, and the key that it has, if it has one; or, from any other address (section 3.10: a
 * primary may have several), by the key of one of them. `key`: the name of the key that signed, if any did.
 */
function mayNotify(
  primaries: readonly CompiledPrimary[] | undefined,
  client: Client,
  key: string | undefined,
): boolean {
  if (primaries === undefined) return false;
  const there = primaries.filter((primary) => isAt(primary, client));
  if (there.length > 0) return there.some((primary) => primary.key === undefined || primary.key === key);
  return key !== undefined && primaries.some((primary) => primary.key === key);
}

function isAt({ address }: CompiledPrimary, { family, words }: Client): boolean {
  return address.family === family && address.words.every((word, index) => word === words[index]);
}

function addressOf({ family, words }: Client): string {
  return formatAddress({ family: family === 4 ? 4 : 6, words: [...words] });
}

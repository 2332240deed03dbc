// Chooses what the answer says in EDNS options, from what the query asks and what the operator allows. Only for queries that
// have one of them, which most do not.

import { HAS_COOKIE, HAS_KEEPALIVE, HAS_NSID, HAS_PADDING } from '../wire/query-options.ts';
import { checkCookies } from './cookie.ts';
import type { Desk } from './desk.ts';

/** Fills `desk.response`; returns the HAS_* bits of what it says. `isConnection`: one that the DNS keeps open itself. */
export function chooseOptions(desk: Desk, isConnection: boolean, isEncrypted: boolean): number {
  const { conduct, query, response, client } = desk;
  const { options } = query;
  let chosen = 0;
  if (options & HAS_COOKIE && conduct.cookies.secrets[0] !== 0) {
    const { secrets } = conduct.cookies;
    const { bytes, cookieStart, cookieBytes } = query;
    desk.hasValidCookie = checkCookies(
      secrets,
      client,
      bytes,
      cookieStart,
      cookieBytes,
      desk.nowSeconds,
      response.cookies,
    );
    chosen |= HAS_COOKIE;
  }
  if (options & HAS_NSID && conduct.nsid.length > 0) {
    response.nsid = conduct.nsid;
    chosen |= HAS_NSID;
  }
  // RFC 7828 section 3.3.1: over UDP the option is ignored.
  if (options & HAS_KEEPALIVE && isConnection) {
    response.keepaliveUnits = conduct.keepaliveUnits;
    chosen |= HAS_KEEPALIVE;
  }
  // RFC 7830 section 6: padding is of no use where everybody can read along.
  if (options & HAS_PADDING && isEncrypted) chosen |= HAS_PADDING;
  return chosen;
}

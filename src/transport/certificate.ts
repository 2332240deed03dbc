// The certificate that TLS and HTTPS show, as every answer thread has it, and what our TLS looks like: versions and ciphers
// of RFC 9325 (BCP 195), session tickets under a key that all threads share.

import { constants } from 'node:crypto';
import { createSecureContext, type TlsOptions } from 'node:tls';

export type Certificate = {
  /** PEM: the server's certificate, and behind it those that lead to a root. */
  readonly chain: string;
  /** PEM, not encrypted. */
  readonly key: string;
  /**
   * Seals session tickets. A client comes back on a new connection, which the kernel may give to another thread: with the
   * same key it resumes its session there.
   */
  readonly ticketKeys: Uint8Array;
};

/** Bytes of `ticketKeys`: a name, an HMAC key and an AES key of 16 bytes each. */
export const TICKET_KEYS_BYTES = 48;

const SESSION_LIFETIME_SECONDS = 2 * 60 * 60;

/** TLS 1.3, and of TLS 1.2 what is authenticated and has forward secrecy (RFC 9325 section 4.2; RFC 9113 section 9.2.2). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** For tls.createServer and for setSecureContext: with it, connections that are open go on as they are. */
export function secureOptionsOf({ chain, key, ticketKeys }: Certificate) {
  return {
    cert: chain,
    key,
    ticketKeys: Buffer.from(ticketKeys),
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // A handshake costs us far more than the client: one for each connection.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionTimeout: SESSION_LIFETIME_SECONDS,
    sessionIdContext: 'azimuth',
  } as const satisfies TlsOptions;
}

/** What OpenSSL has against the pair; undefined when it can be served. */
export function refuseCertificate(certificate: Certificate): string | undefined {
  try {
    createSecureContext(secureOptionsOf(certificate));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

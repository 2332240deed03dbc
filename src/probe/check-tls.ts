// The tls check: a handshake, and the certificate. Nothing is sent afterwards, so a server of TLS 1.3 that refuses a client
// certificate is not found out: it says so only when it is spoken to.

import { type CheckKind, observe } from './observe.ts';
import { openConnection } from './open-connection.ts';
import type { TlsContexts } from './tls-contexts.ts';

/** Succeeds on a handshake with a good certificate. Never throws; see observe.ts. */
export function createTlsCheck(contexts: TlsContexts): CheckKind {
  return ({ check, port, serverName: host }, options) =>
    observe(options, (witness) => {
      if (check.type !== 'tls') throw new Error('not a TLS check');
      const { verifyCertificate, tls } = check;
      const demand = { options: tls, serverName: tls.serverName ?? host, verifyCertificate };
      return openConnection({ address: options.address, port }, demand, { contexts, witness }, (socket) => {
        witness.enter('closing the connection');
        // With a good-bye: a server whose handshakes break off at their end has that in its log every few seconds.
        socket.end(() => witness.succeed('the TLS handshake succeeded'));
      });
    });
}

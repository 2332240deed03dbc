// A server that says everything of itself that it can, and knows its clients by cookies.

import type { Conduct } from '../../src/answer/conduct.ts';
import { createCookieSecrets, writeCookieSecrets } from '../../src/answer/cookie-secrets.ts';
import { parseCookieSecret } from '../../src/model/cookie-secret.ts';
import { parseSettings } from '../../src/model/settings.ts';
import { conductOf } from '../../src/roles/conduct.ts';

/** That of RFC 9018, appendix A. */
export const COOKIE_SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';

/** As a node would with `dns` in its settings, and with these secrets. */
export function conductWith(dns: Readonly<Record<string, unknown>>, ...secrets: readonly string[]): Conduct {
  const parsed = parseSettings({ dns });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const shared = createCookieSecrets();
  writeCookieSecrets(
    shared,
    secrets.map((text) => parseCookieSecret(text) ?? new Uint8Array(0)),
  );
  return conductOf(parsed.value.dns, shared);
}

export const OPEN_CONDUCT: Conduct = conductWith(
  { nsid: 'gtm1.test', chaos: { id: 'gtm1.test', version: 'azimuth test' } },
  COOKIE_SECRET,
);

// The settings of listeners for tests: the defaults, with every connection of one address let in and deadlines that tests
// can wait for.

import { parseSettings, type Settings } from '../../src/model/settings.ts';

/** `document`: what the section `dns` of a settings file says. */
export function dnsSettings(document: Readonly<Record<string, unknown>> = {}): Settings['dns'] {
  const tcp = {
    maxConnections: 200,
    maxConnectionsPerPrefix: 200,
    firstByteTimeout: '2s',
    idleTimeout: '2s',
    messageTimeout: '1s',
    ...Object(document.tcp),
  };
  const parsed = parseSettings({ dns: { listen: ['127.0.0.1:0'], ...document, tcp } });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return parsed.value.dns;
}

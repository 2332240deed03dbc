// A small configuration that is right in every respect, for tests to break one thing of, and a place resolver.

import type { ConfigurationDocument } from '../../../src/model/configuration.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';
import type { ParseOptions } from '../../../src/model/parse-context.ts';
import type { Problem } from '../../../src/model/problem.ts';

export const OPTIONS: ParseOptions = {
  resolveLocation: (reference) => (reference === 'aws:us-east-1' ? { latitude: 38.9, longitude: -77.4 } : undefined),
};

export function createDocument(): ConfigurationDocument {
  return {
    zones: [
      {
        name: 'gtm.example.com',
        ns: ['ns1.gtm.example.com', 'ns.example.net'],
        records: [
          { name: 'ns1', type: 'A', data: ['192.0.2.53'] },
          { name: '@', type: 'MX', ttl: 600, data: ['10 mail.example.net.'] },
        ],
      },
    ],
    regions: [
      { id: 'eu-west', name: 'Dublin', location: { latitude: 53.35, longitude: -6.26 } },
      { id: 'us-east', location: 'aws:us-east-1', bias: 10 },
    ],
    monitors: [{ id: 'web', type: 'https', path: '/healthz', expect: { status: ['200-299', 304], body: 'ok' } }],
    clusters: [
      {
        id: 'web-eu',
        region: 'eu-west',
        monitor: 'web',
        minHealthy: '50%',
        endpoints: [
          { id: 'a', address: '203.0.113.10' },
          { id: 'b', address: '2001:DB8:0:0::10', check: { address: '127.0.0.1', port: 8101 } },
        ],
      },
      { id: 'web-us', region: 'us-east', endpoints: [{ id: 'a', address: '203.0.113.20', weight: 10 }] },
    ],
    services: [
      {
        name: 'www',
        zone: 'gtm.example.com',
        clusters: ['web-eu', 'web-us'],
        rank: [{ match: { country: ['cn'] }, use: ['web-us'], fence: true }],
      },
    ],
    overrides: [{ kind: 'endpoints', id: 'web-eu/b', state: 'drain', reason: 'kernel update', author: 'kim' }],
  };
}

/** The problems of the document; none when it is right. */
export function findProblems(document: unknown, options: ParseOptions = OPTIONS): readonly Problem[] {
  const parsed = parseConfiguration(document, options);
  return parsed.ok ? [] : parsed.problems;
}

/** The small configuration with the value at the pointer replaced, added (`-`: at the end) or, for undefined, removed. */
export function changeDocument(changes: Readonly<Record<string, unknown>>): unknown {
  const document: unknown = structuredClone(createDocument());
  for (const [pointer, value] of Object.entries(changes)) {
    const keys = pointer.split('/').slice(1);
    const last = keys.pop() ?? '';
    const parent = keys.reduce((at: unknown, key) => Reflect.get(Object(at), key), document);
    if (Array.isArray(parent) && last === '-') parent.push(value);
    else if (value === undefined) Reflect.deleteProperty(Object(parent), last);
    else Reflect.set(Object(parent), last, value);
  }
  return document;
}

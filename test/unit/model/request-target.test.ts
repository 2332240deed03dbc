// What is left of a request target that names the server as well (RFC 9112, section 3.2.2).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOfTarget } from '../../../src/model/request-target.ts';

const TARGETS = [
  ['/metrics', '/metrics'],
  ['http://127.0.0.1:9153/metrics?x=1', '/metrics?x=1'],
  ['HTTPS://dns.example/dns-query?dns=AAAA', '/dns-query?dns=AAAA'],
  ['http://dns.example', '/'],
  ['http://dns.example?x', '/?x'],
  ['//metrics', '//metrics'],
  ['*', '*'],
  ['', ''],
] as const;

for (const [target, path] of TARGETS) {
  test(`"${target}" asks for "${path}"`, () => assert.equal(pathOfTarget(target), path));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listTargets, type Target } from '../../../src/health/target.ts';
import type { Endpoint } from '../../../src/model/cluster.ts';
import type { Monitor } from '../../../src/model/monitor.ts';
import { cluster, configuration, endpoint, HTTP_MONITOR, TCP_MONITOR, targets } from './fixtures.ts';

function only(monitor: Monitor, of: Endpoint): Target {
  const [target, ...others] = listTargets(configuration({ monitors: [monitor], clusters: [cluster('c', [of])] }));
  assert.ok(target !== undefined && others.length === 0);
  return target;
}

test('lists one target per endpoint of the clusters that have a monitor, in the order of the configuration', () => {
  const clusters = [
    cluster('b', [endpoint('x', '203.0.113.1'), endpoint('y', '2001:db8::1')]),
    cluster('bare', [endpoint('z', '203.0.113.2')], { monitors: [] }),
    cluster('a', [endpoint('x', '203.0.113.3')]),
  ] as const;
  const listed = listTargets(configuration({ clusters }));
  assert.deepEqual(
    listed.map(({ cluster, endpoint, address, port }) => `${cluster}/${endpoint} ${address} ${port}`),
    ['b/x 203.0.113.1 80', 'b/y 2001:db8::1 80', 'a/x 203.0.113.3 80'],
  );
});

test('lists a target per endpoint and monitor, whose ids differ by what is checked', () => {
  const monitors = [HTTP_MONITOR, { ...TCP_MONITOR, id: 'ping' }];
  const clusters = [
    cluster('a', [endpoint('x', '203.0.113.1'), endpoint('y', '203.0.113.2')], { monitors: ['ping', 'web'] }),
  ];
  const listed = listTargets(configuration({ monitors, clusters }));
  assert.deepEqual(
    listed.map(({ endpoint, monitor, check }) => `${endpoint} ${monitor} ${check.type}`),
    ['x ping tcp', 'x web http', 'y ping tcp', 'y web http'],
  );
  assert.equal(new Set(listed.map(({ id }) => id)).size, 4);
});

test("connects to the check's own address and port where the endpoint states them", () => {
  const target = only(HTTP_MONITOR, endpoint('a', '203.0.113.1', { check: { address: '198.51.100.7', port: 8080 } }));
  assert.equal(target.address, '198.51.100.7');
  assert.equal(target.port, 8080);
  assert.equal(target.serverName, '203.0.113.1', 'the Host header stays what clients would ask');
});

test("asks for the monitor's host, and checks the target name of a CNAME endpoint", () => {
  const check = { ...HTTP_MONITOR.check, host: 'www.example.com' };
  assert.equal(only({ ...HTTP_MONITOR, check }, endpoint('a', '203.0.113.1')).serverName, 'www.example.com');
  const alias = endpoint('a', '', { target: { family: 'CNAME', target: 'cdn.example.net' } });
  const target = only(HTTP_MONITOR, alias);
  assert.equal(target.address, 'cdn.example.net');
  assert.equal(target.serverName, 'cdn.example.net');
});

test('changes the id with whatever is checked, and with nothing else', () => {
  const plain = only(HTTP_MONITOR, endpoint('a', '203.0.113.1'));
  assert.match(plain.id, /^c\/a#[0-9a-z]{11}$/);
  const { check } = HTTP_MONITOR;
  assert.ok(check.type === 'http');
  const changed = [
    only(HTTP_MONITOR, endpoint('a', '203.0.113.2')),
    only(HTTP_MONITOR, endpoint('a', '203.0.113.1', { check: { port: 81 } })),
    only(HTTP_MONITOR, endpoint('a', '203.0.113.1', { check: { address: '198.51.100.7' } })),
    only(TCP_MONITOR, endpoint('a', '203.0.113.1')),
    only({ ...HTTP_MONITOR, check: { ...check, path: '/' } }, endpoint('a', '203.0.113.1')),
    only({ ...HTTP_MONITOR, check: { ...check, host: 'www' } }, endpoint('a', '203.0.113.1')),
    only(
      { ...HTTP_MONITOR, check: { ...check, expect: { ...check.expect, body: 'ok' } } },
      endpoint('a', '203.0.113.1'),
    ),
  ];
  assert.equal(new Set([plain, ...changed].map((target) => target.id)).size, changed.length + 1);

  const same = [
    only({ ...HTTP_MONITOR, intervalMs: 5000, fall: 9, quorum: 'one' }, endpoint('a', '203.0.113.1')),
    only(HTTP_MONITOR, endpoint('a', '203.0.113.1', { weight: 7, capacity: 5, check: { port: 80 } })),
    only(
      { ...HTTP_MONITOR, check: Object.fromEntries(Object.entries(check).reverse()) as typeof check },
      endpoint('a', '203.0.113.1'),
    ),
  ];
  for (const target of same) assert.equal(target.id, plain.id);
});

test('gives different endpoints different ids', () => {
  assert.equal(new Set(targets(200).map((target) => target.id)).size, 200);
});

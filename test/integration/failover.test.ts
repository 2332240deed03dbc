// The whole system as separate processes (test/support/fleet.ts), through what goes wrong in production: backends die, a
// vantage lies, Redis dies, nodes restart without it, Redis comes back with nothing in it. One story, told in order: each
// part leaves the fleet as it found it.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askAddress, tryAsk, waitUntil } from '../support/dns-ask.ts';
import {
  ADDRESS,
  endpointUp,
  type Fleet,
  LONDON,
  NEW_YORK,
  type Node,
  readMetrics,
  SERVICE,
  startFleet,
  TOKYO,
  VANTAGES,
  ZONE,
} from '../support/fleet.ts';
import { startLiar } from '../support/liar.ts';
import { missingTools } from '../support/missing-tools.ts';
import { openTcpBurst, openUdpBurst } from '../support/query-burst.ts';
import { beginStory } from '../support/story.ts';

/** A 1 s interval, two failures and a quorum take less than two; the rest is for a busy machine. */
const FAILOVER_LIMIT_MS = 8000;
const RECOVERY_LIMIT_MS = 20_000;
/** The promise is 2 s on a machine that is idle (the bench measures that); here, much else starts at the same time. */
const DISK_START_LIMIT_MS = 12_000;
const HEARTBEAT_MS = 1000;
/** As long as a virtual machine stands still when it is moved, or a process that is looked at with a debugger. */
const STOPPED_MS = 10_000;
const FAILED = 'azimuth_probe_checks_total{type="http",outcome="failed"}';
const HELD_UP = 'azimuth_probe_checks_total{type="http",outcome="held-up"}';
/** As many as fit into a receive buffer of the usual size, with room to spare. */
const BURST_QUERIES = 150;

describe('a fleet of real processes', { skip: missingTools('redis-server'), timeout: 170_000 }, () => {
  let fleet: Fleet;
  const { step, reportFailure } = beginStory();

  before(async () => {
    fleet = await startFleet();
  });
  after(async () => {
    reportFailure(() => fleet.processes.report());
    await fleet?.close();
  });

  step('answers a client from London with Europe and one from Tokyo with Asia, on both nodes', async () => {
    for (const { server } of fleet.nodes) {
      for (const protocol of ['udp', 'tcp'] as const) {
        const london = await ask(server, { name: SERVICE, subnet: LONDON, protocol });
        assert.deepEqual([london.rcode, london.data], ['NOERROR', [ADDRESS.eu]]);
        assert.ok((london.scope ?? 0) > 0 && (london.scope ?? 0) <= 24, `scope ${london.scope}`);
        const tokyo = await ask(server, { name: SERVICE, subnet: TOKYO, protocol });
        assert.deepEqual(tokyo.data, [ADDRESS.ap]);
      }
    }
  });

  step('serves liveness, readiness and metrics from every role', async () => {
    const roles = [fleet.api, ...fleet.workers, ...fleet.nodes];
    for (const { telemetryPort, running } of roles) {
      for (const path of ['/livez', '/readyz', '/metrics']) {
        const response = await fetch(`http://127.0.0.1:${telemetryPort}${path}`);
        assert.equal(response.status, 200, `${running.name} ${path}: ${await response.text()}`);
      }
    }
    for (const { telemetryPort } of fleet.nodes) {
      await waitForMetrics(telemetryPort, [
        /^azimuth_dns_requests_total\{zone="gtm\.example\.com",proto="udp",family="4",type="A"\} [1-9]/m,
        /^azimuth_answers_total\{service="www\.gtm\.example\.com",cluster="web-eu",reason="[^"]+"\} [1-9]/m,
        // A vantage counts from its second heartbeat on that the node has seen.
        ...VANTAGES.map((vantage) => new RegExp(`^azimuth_vantage_up\\{vantage="${vantage}"\\} 1$`, 'm')),
      ]);
    }
    for (const { telemetryPort } of fleet.workers) {
      await waitForMetrics(telemetryPort, [
        /^azimuth_probe_checks_total\{type="http",outcome="succeeded"\} [1-9]/m,
        /^azimuth_probe_targets 3$/m,
      ]);
    }
  });

  step('stops answering with a backend that was killed, and uses it again when it is back', async (say) => {
    await fleet.backends.eu.kill();
    const away = await fleet.waitForAnswer(LONDON, ADDRESS.us, FAILOVER_LIMIT_MS);
    say(`both nodes left the killed backend after ${Math.round(away)} ms`);
    await assertSteady(fleet.nodes, LONDON, ADDRESS.us, 500);
    const { ttlSeconds } = await ask(node(fleet, 0).server, { name: SERVICE, subnet: LONDON });
    assert.equal(ttlSeconds, 1, 'the shorter TTL while something is down');

    await fleet.backends.eu.start();
    const back = await fleet.waitForAnswer(LONDON, ADDRESS.eu, RECOVERY_LIMIT_MS);
    say(`both nodes used it again ${Math.round(back)} ms after it listened`);
  });

  step('is not moved by a vantage that says that everything is down, and still notices what really is', async (say) => {
    const [, , honest] = fleet.workers;
    await honest?.running.stop();
    const liar = startLiar(fleet.redis.url, (await fleet.call('GET', '/v1/configuration')).body, 'v3');
    try {
      await waitUntil('the nodes see the lie', () => sawLie(fleet), RECOVERY_LIMIT_MS, 100);
      await assertSteady(fleet.nodes, LONDON, ADDRESS.eu, 3 * HEARTBEAT_MS);
      await assertSteady(fleet.nodes, TOKYO, ADDRESS.ap, 500);
      await fleet.backends.eu.kill();
      const away = await fleet.waitForAnswer(LONDON, ADDRESS.us, FAILOVER_LIMIT_MS);
      say(`with a liar among the vantages, failover took ${Math.round(away)} ms`);
      await fleet.backends.eu.start();
      await fleet.waitForAnswer(LONDON, ADDRESS.eu, RECOVERY_LIMIT_MS);
    } finally {
      await liar.stop();
      honest?.start();
    }
    await waitUntil('the honest worker is back', () => areVantagesUp(fleet), RECOVERY_LIMIT_MS, 100);
  });

  step('does without a worker that is stopped for 10 s, and holds what it missed against nobody', async (say) => {
    const worker = fleet.workers[2];
    assert.ok(worker);
    const { running, telemetryPort } = worker;
    const { ap, eu } = fleet.backends;
    let before = await readMetrics(telemetryPort);
    const failures = readCount(before, FAILED);
    // Once a check has failed the next is under way at once. It is answered while the worker is stopped, whose timer for it is
    // due when it goes on.
    ap.running.signal('SIGSTOP');
    try {
      const hasFailed = async () => {
        before = await readMetrics(telemetryPort);
        return readCount(before, FAILED) > failures;
      };
      await waitUntil('a check fails', hasFailed, FAILOVER_LIMIT_MS);
      running.signal('SIGSTOP');
    } finally {
      ap.running.signal('SIGCONT');
    }
    const goesOn = sleep(STOPPED_MS);
    try {
      await eu.kill();
      const away = await fleet.waitForAnswer(LONDON, ADDRESS.us, FAILOVER_LIMIT_MS);
      say(`the two other vantages took ${Math.round(away)} ms`);
      await eu.start();
      await fleet.waitForAnswer(LONDON, ADDRESS.eu, RECOVERY_LIMIT_MS);
      await waitUntil('its votes are stale', async () => !(await areVantagesUp(fleet)), FAILOVER_LIMIT_MS, 50);
      await goesOn;
    } finally {
      running.signal('SIGCONT');
    }
    await assertSteady(fleet.nodes, LONDON, ADDRESS.eu, 2 * HEARTBEAT_MS);
    await assertSteady(fleet.nodes, TOKYO, ADDRESS.ap, 500);
    const after = await readMetrics(telemetryPort);
    assert.equal(readCount(after, FAILED), readCount(before, FAILED), 'nothing failed for it');
    assert.ok(readCount(after, HELD_UP) > readCount(before, HELD_UP), 'the check that was under way is not believed');
    await waitUntil('the worker is back', () => areVantagesUp(fleet), RECOVERY_LIMIT_MS, 100);
  });

  step('moves traffic off a cluster that reports more load than it has room for', async () => {
    const report = await fleet.call('PUT', '/v1/load/web-eu', { connections: 150, capacity: 100 });
    assert.ok(report.status < 300, JSON.stringify(report));
    await fleet.waitForAnswer(LONDON, ADDRESS.us, FAILOVER_LIMIT_MS);
    await fleet.call('PUT', '/v1/load/web-eu', { connections: 1, capacity: 100 });
    await fleet.waitForAnswer(LONDON, ADDRESS.eu, FAILOVER_LIMIT_MS);
  });

  step(
    'serves a region, a cluster and a service that are created through the API, without any restart',
    async (say) => {
      const began = performance.now();
      const create = async (path: string, body: object) => {
        const { status, body: reply } = await fleet.call('POST', path, body);
        assert.equal(status, 201, JSON.stringify(reply));
      };
      await create('/v1/regions', { id: 'af', name: 'Johannesburg', location: 'iata:JNB' });
      await create('/v1/clusters', { id: 'web-af', region: 'af', endpoints: [{ id: 'a', address: '203.0.113.40' }] });
      await create('/v1/services', { name: 'shop', zone: ZONE, clusters: ['web-eu', 'web-af'] });
      const name = `shop.${ZONE}`;
      const capeTown = '137.158.1.0/24';
      await waitUntil(
        'both nodes serve the new region',
        async () => (await askAll(fleet.nodes, name, capeTown)).every((answer) => answer === '203.0.113.40'),
        RECOVERY_LIMIT_MS,
      );
      say(`three commits, and both nodes served the new region after ${Math.round(performance.now() - began)} ms`);
      assert.deepEqual(await askAll(fleet.nodes, name, LONDON), [ADDRESS.eu, ADDRESS.eu]);
    },
  );

  step(
    'answers on without Redis, and a node that starts without it answers from disk, leaving out the dead',
    async (say) => {
      await fleet.backends.eu.kill();
      await fleet.waitForAnswer(LONDON, ADDRESS.us, FAILOVER_LIMIT_MS);
      // Verdicts are kept on disk at most this much later.
      await sleep(1500);
      await fleet.redis.kill();
      await assertSteady(fleet.nodes, LONDON, ADDRESS.us, 4 * HEARTBEAT_MS);
      await assertSteady(fleet.nodes, TOKYO, ADDRESS.ap, 500);

      const restarted = node(fleet, 0);
      await restarted.running.kill();
      assert.equal(await askAddress(restarted.server, SERVICE, LONDON), '', 'nothing answers in its place');
      restarted.start();
      const answers: string[] = [];
      const took = await waitUntil(
        'the restarted node answers',
        async () => {
          const reply = await tryAsk(restarted.server, { name: SERVICE, subnet: LONDON, timeoutMs: 100 });
          answers.push(...(reply?.data ?? []));
          return answers.length > 0;
        },
        DISK_START_LIMIT_MS,
        5,
      );
      say(`a node without Redis answered from disk ${Math.round(took)} ms after its start`);
      assert.deepEqual(answers, [ADDRESS.us], 'what was known to be dead stays dead');
      await assertSteady([restarted], LONDON, ADDRESS.us, 2 * HEARTBEAT_MS);
      assert.equal(await askAddress(restarted.server, `shop.${ZONE}`, '137.158.1.0/24'), '203.0.113.40');
    },
  );

  step('recovers by itself when Redis comes back with nothing in it', async (say) => {
    const began = performance.now();
    await fleet.redis.restartEmpty();
    await waitUntil(
      'the configuration is in force in a later generation',
      () => isRecommitted(fleet),
      RECOVERY_LIMIT_MS,
      50,
    );
    say(`the configuration was committed anew ${Math.round(performance.now() - began)} ms after Redis was back, empty`);
    await assertSteady(fleet.nodes, LONDON, ADDRESS.us, 500);
    await fleet.backends.eu.start();
    await fleet.waitForAnswer(LONDON, ADDRESS.eu, RECOVERY_LIMIT_MS);
    await fleet.backends.ap.kill();
    const away = await waitUntil(
      'both nodes leave Asia',
      async () => (await askAll(fleet.nodes, SERVICE, TOKYO)).every((answer) => answer !== ADDRESS.ap && answer !== ''),
      FAILOVER_LIMIT_MS,
    );
    say(`and failover worked again, in ${Math.round(away)} ms`);
    await fleet.backends.ap.start();
    await fleet.waitForAnswer(TOKYO, ADDRESS.ap, RECOVERY_LIMIT_MS);
    const created = await fleet.call('POST', '/v1/regions', { id: 'oc', location: 'iata:SYD' });
    assert.equal(created.status, 201, JSON.stringify(created.body));
  });

  step('fails open when every backend is dead: a service that is configured is never without an answer', async () => {
    await Promise.all(Object.values(fleet.backends).map((backend) => backend.kill()));
    await waitUntil('all endpoints are down', () => areAllDown(fleet), RECOVERY_LIMIT_MS, 50);
    // The brake may hold one of them as it was, for a while.
    await fleet.waitForAnswer(NEW_YORK, ADDRESS.us, RECOVERY_LIMIT_MS);
    await assertSteady(fleet.nodes, NEW_YORK, ADDRESS.us, 500);
    await Promise.all(Object.values(fleet.backends).map((backend) => backend.start()));
  });

  step('answers what it has received before a SIGTERM, and then every role ends with the status 0', async () => {
    const { server, running } = node(fleet, 0);
    const udp = await openUdpBurst(server, SERVICE, LONDON);
    const tcp = await openTcpBurst(server, SERVICE, TOKYO);
    try {
      // While it is stopped, queries pile up in the kernel's buffers; the signal to end is there before it goes on.
      running.signal('SIGSTOP');
      await Promise.all([udp.send(BURST_QUERIES), tcp.send(BURST_QUERIES)]);
      running.signal('SIGTERM');
      running.signal('SIGCONT');
      assert.deepEqual(await running.exited, { code: 0, signal: null });
      await waitUntil('nothing more is to come', () => udp.answered() >= BURST_QUERIES, 500).catch(() => undefined);
      assert.deepEqual([udp.answered(), tcp.answered()], [BURST_QUERIES, BURST_QUERIES]);
    } finally {
      udp.close();
      tcp.close();
    }
    const roles = [...fleet.nodes.slice(1), ...fleet.workers, fleet.api];
    const exits = await Promise.all(roles.map((role) => role.running.stop()));
    assert.deepEqual(
      exits,
      roles.map(() => ({ code: 0, signal: null })),
    );
  });
});

/** The number on the line of a page of metrics that begins so. */
function readCount(page: string, series: string): number {
  const line = page.split('\n').find((text) => text.startsWith(`${series} `));
  assert.ok(line, series);
  return Number(line.slice(series.length));
}

function node({ nodes }: Fleet, index: number): Node {
  const found = nodes[index];
  assert.ok(found);
  return found;
}

function askAll(nodes: readonly Node[], name: string, client: string): Promise<string[]> {
  return Promise.all(nodes.map(({ server }) => askAddress(server, name, client)));
}

/** For so long, every node answers, and with nothing else. */
async function assertSteady(nodes: readonly Node[], client: string, address: string, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    for (const answer of await askAll(nodes, SERVICE, client)) assert.equal(answer, address);
    await sleep(10);
  }
}

async function sawLie(fleet: Fleet): Promise<boolean> {
  const { body } = await fleet.call('GET', '/v1/health');
  return (JSON.stringify(body).match(/a lie/g) ?? []).length >= 3;
}

async function areVantagesUp(fleet: Fleet): Promise<boolean> {
  const pages = await Promise.all(fleet.nodes.map(({ telemetryPort }) => readMetrics(telemetryPort)));
  return pages.every((page) =>
    VANTAGES.every((vantage) => page.includes(`azimuth_vantage_up{vantage="${vantage}"} 1`)),
  );
}

async function areAllDown(fleet: Fleet): Promise<boolean> {
  const pages = await Promise.all(fleet.nodes.map(({ telemetryPort }) => readMetrics(telemetryPort)));
  return pages.every((page) => (['eu', 'us', 'ap'] as const).every((region) => page.includes(endpointUp(region, 0))));
}

async function isRecommitted(fleet: Fleet): Promise<boolean> {
  const pages = await Promise.all(fleet.nodes.map(({ telemetryPort }) => readMetrics(telemetryPort)));
  return pages.every((page) => /^azimuth_revision_info\{generation="2",number="\d+"\} 1$/m.test(page));
}

/** Until the page of metrics has a line for each pattern. */
async function waitForMetrics(telemetryPort: number, patterns: readonly RegExp[]): Promise<void> {
  await waitUntil(
    `the metrics at ${telemetryPort} have lines like ${patterns.join(', ')}`,
    async () => {
      const page = await readMetrics(telemetryPort);
      return patterns.every((pattern) => pattern.test(page));
    },
    RECOVERY_LIMIT_MS,
    50,
  );
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSettings } from '../../../src/model/settings.ts';
import { SETTING_KEYS } from '../../../src/model/settings-document.ts';

const problemsOf = (document: unknown) => {
  const parsed = parseSettings(document);
  return parsed.ok ? [] : parsed.problems;
};
const pathsOf = (document: unknown) => problemsOf(document).map(({ path }) => path);

describe('parseSettings', () => {
  test('an empty document means every default', () => {
    const expected = {
      ok: true,
      value: {
        dns: {
          listen: [
            { host: '127.0.0.1', port: 5300 },
            { host: '::1', port: 5300 },
          ],
          transport: 'auto',
          threads: 0,
          tcp: {
            maxConnections: 1024,
            maxConnectionsPerPrefix: 128,
            firstByteTimeoutMs: 3_000,
            idleTimeoutMs: 10_000,
            messageTimeoutMs: 5_000,
          },
          tls: {
            listen: [],
            certificate: '',
            key: '',
            reloadIntervalMs: 5_000,
            handshakeTimeoutMs: 5_000,
            maxHandshakesPerSecond: 100,
          },
          https: { listen: [], path: '/dns-query' },
          proxyProtocol: { from: [] },
          nsid: '',
          chaos: { id: '', version: '' },
          cookies: { enabled: true, secrets: [], secretFile: '', required: 'limited' },
          rateLimit: {
            responsesPerSecond: 0,
            windowMs: 15_000,
            slip: 2,
            ipv4Prefix: 24,
            ipv6Prefix: 56,
            exempt: [],
          },
          tsig: { keyFile: '' },
        },
        api: { listen: { host: '127.0.0.1', port: 8053 } },
        telemetry: { listen: { host: '127.0.0.1', port: 9153 } },
        store: { driver: 'embedded' },
        redis: {
          tls: { ca: '', certificate: '', key: '', serverName: '' },
          sentinel: { username: '', password: '', tls: true },
        },
        stateDirectory: 'var',
        geo: { directory: 'geo-data', bundled: true, reloadIntervalMs: 5_000 },
        probe: {
          vantage: 'local',
          worker: '',
          allowNetworks: [],
          clientCertificates: '',
          authorities: '',
          keyFile: '',
          anchors: [],
          concurrency: 1024,
          heartbeatMs: 1_000,
          serve: undefined,
        },
        health: { pull: { workers: [], ca: '', certificate: '', key: '' } },
        dnssec: { secretFile: '', askParent: true, parentResolvers: [], parentIntervalMs: 3_600_000 },
        demo: { enabled: false, configuration: '' },
        log: { level: 'info', format: 'auto' },
      },
    };
    for (const empty of [undefined, null, {}, { dns: null, probe: { worker: null } }]) {
      assert.deepEqual(parseSettings(empty), expected);
    }
  });

  test('every key that can be written is taken over', () => {
    const parsed = parseSettings({
      dns: {
        listen: ['192.0.2.1:53', '[2001:db8:0::1]:53'],
        transport: 'batch',
        threads: 4,
        tcp: {
          maxConnections: 2,
          maxConnectionsPerPrefix: 1,
          firstByteTimeout: '1s',
          idleTimeout: '1m',
          messageTimeout: '1500ms',
        },
        tls: {
          listen: ['192.0.2.1:853'],
          certificate: '/etc/dns.pem',
          key: '/etc/dns.key',
          reloadInterval: '1m',
          handshakeTimeout: '2s',
          maxHandshakesPerSecond: 7,
        },
        https: { listen: ['192.0.2.1:443'], path: '/dns' },
        proxyProtocol: { from: ['192.0.2.9/32'] },
        nsid: 'ns1.fra',
        chaos: { id: 'ns1', version: 'none of yours' },
        cookies: {
          enabled: false,
          secrets: ['E5e973e5a6b2a43f48e7dc849e37bfcf'],
          secretFile: '/run/cookies',
          required: 'always',
        },
        rateLimit: {
          responsesPerSecond: 300,
          window: '1m',
          slip: 1,
          ipv4Prefix: 32,
          ipv6Prefix: 64,
          exempt: ['192.0.2.0/24'],
        },
        tsig: { keyFile: '/keys' },
      },
      api: { listen: '[::]:443' },
      telemetry: { listen: '0.0.0.0:0' },
      store: 'rediss://user:secret@redis.example.net:6380/1',
      redis: {
        tls: { ca: '/ca', certificate: '/certificate', key: '/key', serverName: 'redis' },
        sentinel: { username: 'azimuth', password: 'secret', tls: false },
      },
      stateDirectory: '/var/lib/azimuth',
      geo: { directory: '/geo', bundled: false, reloadInterval: '1h' },
      probe: {
        vantage: 'fra',
        worker: 'fra-1',
        allowNetworks: ['10.0.0.0/8', 'fd00::/8'],
        clientCertificates: '/etc/azimuth/clients',
        authorities: '/etc/azimuth/authorities.pem',
        keyFile: '/slot.key',
        anchors: ['icmp://2001:db8::1'],
        concurrency: 3,
        heartbeat: '2s',
        serve: { listen: '127.0.0.1:8443', certificate: '/certificate', key: '/key', clientCa: '/ca' },
      },
      health: {
        pull: {
          workers: ['fra/fra-1@https://probe.example:8443'],
          ca: '/ca',
          certificate: '/certificate',
          key: '/key',
        },
      },
      dnssec: {
        secretFile: '/etc/azimuth/secret',
        askParent: false,
        parentResolvers: ['192.0.2.53:53'],
        parentInterval: '10m',
      },
      demo: { enabled: true, configuration: 'demo.yaml' },
      log: { level: 'debug', format: 'json' },
    });
    assert.deepEqual(parsed, {
      ok: true,
      value: {
        dns: {
          listen: [
            { host: '192.0.2.1', port: 53 },
            { host: '2001:db8::1', port: 53 },
          ],
          transport: 'batch',
          threads: 4,
          tcp: {
            maxConnections: 2,
            maxConnectionsPerPrefix: 1,
            firstByteTimeoutMs: 1_000,
            idleTimeoutMs: 60_000,
            messageTimeoutMs: 1_500,
          },
          tls: {
            listen: [{ host: '192.0.2.1', port: 853 }],
            certificate: '/etc/dns.pem',
            key: '/etc/dns.key',
            reloadIntervalMs: 60_000,
            handshakeTimeoutMs: 2_000,
            maxHandshakesPerSecond: 7,
          },
          https: { listen: [{ host: '192.0.2.1', port: 443 }], path: '/dns' },
          proxyProtocol: { from: [{ family: 4, words: [0xc0000209], length: 32 }] },
          nsid: 'ns1.fra',
          chaos: { id: 'ns1', version: 'none of yours' },
          cookies: {
            enabled: false,
            secrets: [Uint8Array.from(Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex'))],
            secretFile: '/run/cookies',
            required: 'always',
          },
          rateLimit: {
            responsesPerSecond: 300,
            windowMs: 60_000,
            slip: 1,
            ipv4Prefix: 32,
            ipv6Prefix: 64,
            exempt: [{ family: 4, words: [0xc0000200], length: 24 }],
          },
          tsig: { keyFile: '/keys' },
        },
        api: { listen: { host: '::', port: 443 } },
        telemetry: { listen: { host: '0.0.0.0', port: 0 } },
        store: { driver: 'redis', url: 'rediss://user:secret@redis.example.net:6380/1' },
        redis: {
          tls: { ca: '/ca', certificate: '/certificate', key: '/key', serverName: 'redis' },
          sentinel: { username: 'azimuth', password: 'secret', tls: false },
        },
        stateDirectory: '/var/lib/azimuth',
        geo: { directory: '/geo', bundled: false, reloadIntervalMs: 3_600_000 },
        probe: {
          vantage: 'fra',
          worker: 'fra-1',
          allowNetworks: ['10.0.0.0/8', 'fd00::/8'],
          clientCertificates: '/etc/azimuth/clients',
          authorities: '/etc/azimuth/authorities.pem',
          keyFile: '/slot.key',
          anchors: [{ address: '2001:db8::1', check: { type: 'icmp' } }],
          concurrency: 3,
          heartbeatMs: 2_000,
          serve: {
            listen: { host: '127.0.0.1', port: 8443 },
            certificate: '/certificate',
            key: '/key',
            clientCa: '/ca',
          },
        },
        health: {
          pull: {
            workers: [{ vantage: 'fra', worker: 'fra-1', endpoint: { host: 'probe.example', port: 8443 } }],
            ca: '/ca',
            certificate: '/certificate',
            key: '/key',
          },
        },
        dnssec: {
          secretFile: '/etc/azimuth/secret',
          askParent: false,
          parentResolvers: [{ host: '192.0.2.53', port: 53 }],
          parentIntervalMs: 600_000,
        },
        demo: { enabled: true, configuration: 'demo.yaml' },
        log: { level: 'debug', format: 'json' },
      },
    });
  });

  test('all problems are told at once, each with its pointer', () => {
    const document = {
      dns: {
        listen: ['localhost:53', '127.0.0.1:5300', '::1:53'],
        tcp: { idleTimeout: 5, maxConnections: 0 },
        udp: {},
      },
      api: '127.0.0.1:8053',
      store: 'mysql://somewhere',
      probe: { allowNetworks: ['10.0.0.0/33', '10.0.0.0'], vantage: 'Frankfurt', heartbeat: '10' },
      demo: { enabled: 'yes' },
      log: { level: 'verbose' },
      'a/b~c': 1,
    };
    assert.deepEqual(pathsOf(document).sort(), [
      '/api',
      '/a~1b~0c',
      '/demo/enabled',
      '/dns/listen/0',
      '/dns/listen/2',
      '/dns/tcp/idleTimeout',
      '/dns/tcp/maxConnections',
      '/dns/udp',
      '/log/level',
      '/probe/allowNetworks/0',
      '/probe/allowNetworks/1',
      '/probe/heartbeat',
      '/probe/vantage',
      '/store',
    ]);
  });

  test('a secret that is refused is not repeated', () => {
    const secrets = ['e5e973e5a6b2a43f48e7dc849e37bfc', 'e5e973e5a6b2a43f48e7dc849e37bfcf'];
    assert.deepEqual(problemsOf({ dns: { cookies: { secrets } } }), [
      {
        path: '/dns/cookies/secrets/0',
        message: 'Expected 32 hexadecimal digits, as `openssl rand -hex 16` makes them; found something else.',
      },
    ]);
    const repeated = problemsOf({ dns: { cookies: { secrets: [secrets[1], secrets[1]] } } });
    assert.deepEqual([repeated.length, JSON.stringify(repeated).includes('e5e9')], [1, false]);
  });

  test('what a server says of itself has its length', () => {
    const dns = { nsid: 'ü'.repeat(33), chaos: { id: 'x'.repeat(256), version: 'x'.repeat(255) } };
    assert.deepEqual(pathsOf({ dns }), ['/dns/nsid', '/dns/chaos/id']);
  });

  test('a message says what is expected and what was found', () => {
    assert.deepEqual(problemsOf({ dns: { tcp: { idleTimeout: '10 s' } } }), [
      { path: '/dns/tcp/idleTimeout', message: "Expected a duration from 100ms to 1h, such as 10s; found '10 s'." },
    ]);
    const messageOf = (geo: object) => problemsOf({ geo }).map(({ message }) => message);
    assert.deepEqual(messageOf({ bundeld: true }), ['Unknown key \'bundeld\'; did you mean "bundled"?']);
    assert.deepEqual(messageOf({ x: 1 }), ["Unknown key 'x'; known here: directory, bundled, reloadInterval."]);
  });

  test('slots are served and asked for with certificates on both sides, or not at all', () => {
    const serve = { listen: '127.0.0.1:8443' };
    const names = ['certificate', 'key', 'clientCa'];
    assert.deepEqual(
      pathsOf({ probe: { serve } }),
      names.map((name) => `/probe/serve/${name}`),
    );
    assert.deepEqual(pathsOf({ probe: { serve: { ...serve, certificate: '/c', key: '/k', clientCa: '/a' } } }), []);
    const pull = { workers: ['paris@https://probe.example:8443', 'paris/p2@https://[2001:db8::1]:8443'] };
    assert.deepEqual(pathsOf({ health: { pull } }), [
      '/health/pull/ca',
      '/health/pull/certificate',
      '/health/pull/key',
    ]);
    const [first] = problemsOf({ health: { pull } });
    assert.equal(
      first?.message,
      'Expected the path of a PEM file in health.pull.ca, since health.pull.workers is set.',
      'a key that nobody has written is named',
    );
    for (const junk of [
      'https://h:1',
      'paris@http://h:1',
      'paris@https://h',
      'Paris@https://h:1',
      'paris@https://h:0',
    ]) {
      assert.deepEqual(pathsOf({ health: { pull: { workers: [junk] } } }), ['/health/pull/workers/0'], junk);
    }
  });

  test('a certificate for Redis comes with its key', () => {
    assert.deepEqual(pathsOf({ redis: { tls: { certificate: '/c' } } }), ['/redis/tls/key']);
    assert.deepEqual(pathsOf({ redis: { tls: { key: '/k' } } }), ['/redis/tls/certificate']);
    assert.deepEqual(pathsOf({ redis: { tls: { certificate: '/c', key: '/k' } } }), []);
  });

  test('an address of a store is accepted or refused, with the reason and without the password', () => {
    for (const store of ['redis://a', 'redis://a,redis://b', 'redis+sentinel://a/m', 'rediss+cluster://a,b']) {
      assert.deepEqual(pathsOf({ store }), []);
    }
    for (const store of ['redis://:pa/ss@a,redis://:pa/ss@b', `redis://:pass${'s'.repeat(200)}@a,redis://b/x`]) {
      const [problem, ...others] = problemsOf({ store });
      assert.deepEqual(others, []);
      assert.match(problem?.message ?? '', /or the address of a Redis/);
      assert.doesNotMatch(problem?.message ?? '', /pa\/?ss/);
    }
  });

  test('lists are bounded, not empty where one is needed, and hold nothing twice', () => {
    assert.deepEqual(pathsOf({ dns: { listen: [] } }), ['/dns/listen']);
    assert.deepEqual(pathsOf({ dns: { listen: ['127.0.0.1:53', '127.0.0.1:53'] } }), ['/dns/listen']);
    assert.deepEqual(pathsOf({ dns: { listen: '127.0.0.1:53' } }), ['/dns/listen']);
    assert.deepEqual(pathsOf({ probe: { allowNetworks: new Array(1025).fill('10.0.0.0/8') } }), [
      '/probe/allowNetworks',
    ]);
  });

  test('whatever else arrives is a problem and not an exception', () => {
    for (const document of [
      [],
      'dns',
      3,
      true,
      { dns: [] },
      { dns: { tcp: 'x' } },
      JSON.parse('{"__proto__": {"a": 1}}'),
    ]) {
      assert.equal(parseSettings(document).ok, false, JSON.stringify(document));
    }
  });

  test('TLS needs a certificate, a key, and addresses of its own', () => {
    const address = '192.0.2.1:853';
    const tls = { listen: [address, '127.0.0.1:0'] };
    assert.deepEqual(pathsOf({ dns: { tls } }), ['/dns/tls/certificate', '/dns/tls/key']);
    const parsed = parseSettings({ dns: { tls } });
    assert.match(
      parsed.ok ? '' : (parsed.problems[0]?.message ?? ''),
      /^dns\.tls\.listen is not empty, and dns\.tls\.certificate is: set it \(AZIMUTH_DNS_TLS_CERTIFICATE\) to the path of/,
    );
    const whole = { ...tls, certificate: 'a', key: 'b' };
    assert.deepEqual(pathsOf({ dns: { tls: whole } }), []);
    assert.deepEqual(pathsOf({ dns: { listen: ['127.0.0.1:0', address], tls: whole } }), ['/dns/tls/listen/0']);
    const https = { listen: ['127.0.0.1:0', address] };
    assert.deepEqual(pathsOf({ dns: { https } }), ['/dns/tls/certificate', '/dns/tls/key']);
    assert.deepEqual(pathsOf({ dns: { https, tls: whole } }), ['/dns/https/listen/1']);
    assert.deepEqual(pathsOf({ dns: { https: { path: 'dns-query' } } }), ['/dns/https/path']);
    assert.deepEqual(pathsOf({ dns: { https: { path: '/dns?x' } } }), ['/dns/https/path']);
  });

  test('every default is a value that the schema accepts when it is written out', () => {
    for (const { path, initial } of SETTING_KEYS) {
      const document = [...path].reverse().reduce<unknown>((below, key) => ({ [key]: below }), initial);
      assert.deepEqual(problemsOf(document), [], path.join('.'));
    }
    assert.equal(SETTING_KEYS.length, 70);
  });
});

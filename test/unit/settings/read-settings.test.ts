import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SETTING_KEYS } from '../../../src/model/settings-document.ts';
import { variableNameOf } from '../../../src/settings/environment.ts';
import { readSettings } from '../../../src/settings/read-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'azimuth-settings-'));
after(() => rmSync(folder, { recursive: true }));

const shipped = join(import.meta.dirname, '../../../config/azimuth.yaml');

function write(text: string): string {
  const file = join(folder, 'azimuth.yaml');
  writeFileSync(file, text);
  return file;
}

function settingsOf(sources: Parameters<typeof readSettings>[0]) {
  const parsed = readSettings(sources);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

function messagesOf(sources: Parameters<typeof readSettings>[0]): string[] {
  const parsed = readSettings(sources);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path} ${message}`.replaceAll(folder, 'DIR'));
}

describe('readSettings', () => {
  test('flags stand above the environment, the environment above the file, the file above the defaults', () => {
    const file = write(
      'log: { level: warn, format: json }\nstateDirectory: from-file\nprobe: { vantage: fra, worker: w1 }\n',
    );
    const environment = { AZIMUTH_STATE_DIRECTORY: 'from-environment', AZIMUTH_PROBE_WORKER: 'w2', HOME: '/root' };
    const settings = settingsOf({ file, environment, flags: { probe: { worker: 'w3' } } });
    assert.deepEqual(settings.log, { level: 'warn', format: 'json' });
    assert.equal(settings.stateDirectory, 'from-environment');
    assert.equal(settings.probe.vantage, 'fra');
    assert.equal(settings.probe.worker, 'w3');
    assert.equal(settings.probe.concurrency, 1024);
  });

  test('every key has a variable, named after its path', () => {
    assert.equal(variableNameOf(['dns', 'tcp', 'maxConnections']), 'AZIMUTH_DNS_TCP_MAX_CONNECTIONS');
    const environment = Object.fromEntries(
      SETTING_KEYS.map(({ path, initial }) => [
        variableNameOf(path),
        Array.isArray(initial) ? initial.join(',') : `${initial}`,
      ]),
    );
    assert.equal(Object.keys(environment).length, SETTING_KEYS.length);
    assert.deepEqual(settingsOf({ environment }), settingsOf({ environment: {} }));
  });

  test('variables are read by the kind of their key', () => {
    const environment = {
      AZIMUTH_DNS_LISTEN: '192.0.2.1:53, [2001:db8::1]:53',
      AZIMUTH_DNS_TCP_MAX_CONNECTIONS: '7',
      AZIMUTH_GEO_BUNDLED: 'false',
      AZIMUTH_PROBE_ALLOW_NETWORKS: '',
    };
    const { dns, geo, probe } = settingsOf({ environment });
    assert.deepEqual(
      dns.listen.map(({ host }) => host),
      ['192.0.2.1', '2001:db8::1'],
    );
    assert.equal(dns.tcp.maxConnections, 7);
    assert.equal(geo.bundled, false);
    assert.deepEqual(probe.allowNetworks, []);
  });

  test('a variable with our prefix that is no setting is a problem, those of the command line and of tests are not', () => {
    const ours = { AZIMUTH_TOKEN: 'x', AZIMUTH_API: 'x', AZIMUTH_TEST_MISSING: 'x' };
    assert.deepEqual(
      messagesOf({ environment: { ...ours, AZIMUTH_LOG_LEVLE: 'debug', AZIMUTH_SOMETHING_OF_AN_OLD_RELEASE: '' } }),
      [
        ' AZIMUTH_LOG_LEVLE is no setting; did you mean "AZIMUTH_LOG_LEVEL"?',
        ' AZIMUTH_SOMETHING_OF_AN_OLD_RELEASE is no setting: remove it, or correct its name.',
      ],
    );
  });

  test('each problem names the source to correct, with line and column in the file', () => {
    const file = write('dns:\n  listen:\n    - 127.0.0.1:53\n    - nowhere\nstore: mysql://x\nlog: { level: loud }\n');
    const environment = { AZIMUTH_API_LISTEN: 'x', AZIMUTH_DNS_TCP_MAX_CONNECTIONS: 'many' };
    const messages = messagesOf({ file, environment, flags: { store: 'sqlite' } });
    const origins = messages.map((message) => message.replace(/ .* \((.*)\)$/, ' $1')).sort();
    assert.deepEqual(origins, [
      '/api/listen from AZIMUTH_API_LISTEN',
      '/dns/listen/1 DIR/azimuth.yaml:4:7',
      '/dns/tcp/maxConnections from AZIMUTH_DNS_TCP_MAX_CONNECTIONS',
      '/log/level DIR/azimuth.yaml:6:15',
      '/store from the command line',
    ]);
  });

  test('a fault in a section of the file is told even where the environment gives one of its keys', () => {
    const messages = messagesOf({ file: write('api: 3\n'), environment: { AZIMUTH_API_LISTEN: '127.0.0.1:1' } });
    assert.deepEqual(messages, ['/api Expected a mapping with some of: listen. (DIR/azimuth.yaml:1:6)']);
  });

  test('YAML that does not parse is told with its place, every fault of it, and so are the other sources', () => {
    const messages = messagesOf({ file: write('a: [1\nb: "x\n'), environment: { AZIMUTH_LOG_LEVEL: 'loud' } });
    assert.ok(messages.length >= 2);
    assert.match(messages[0] ?? '', /DIR\/azimuth\.yaml:2:\d+: /);
    assert.match(messages.at(-1) ?? '', /from AZIMUTH_LOG_LEVEL/);
  });

  test('a key written twice, a list at the top, an alias bomb, a missing file and a huge one are problems', () => {
    assert.match(messagesOf({ file: write('store: embedded\nstore: embedded\n'), environment: {} }).join(), /unique/);
    assert.match(messagesOf({ file: write('- a\n'), environment: {} }).join(), /Expected a mapping/);
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    );
    const bomb = ['l0: &l0 [x]', ...levels].join('\n');
    assert.match(messagesOf({ file: write(bomb), environment: {} }).join(), /alias/);
    assert.match(messagesOf({ file: join(folder, 'none.yaml'), environment: {} }).join(), /Cannot read .*none\.yaml/);
    assert.match(
      messagesOf({ file: write('#'.repeat((1 << 20) + 1)), environment: {} }).join(),
      /more than 1048576 bytes/,
    );
  });

  test('an empty file, or one of comments only, means defaults', () => {
    for (const text of ['', '# nothing\n', '---\n', 'dns:\n  # listen: []\n']) {
      assert.deepEqual(settingsOf({ file: write(text), environment: {} }), settingsOf({ environment: {} }));
    }
  });
});

describe('config/azimuth.yaml', () => {
  const text = readFileSync(shipped, 'utf8');

  test('shows every key, each below a comment of its own or of its section', () => {
    const missing = SETTING_KEYS.filter(({ path }) => !isDocumented(text, path)).map(({ path }) => path.join('.'));
    assert.deepEqual(missing, []);
    assert.ok(
      !isDocumented(text.replace(/^ +heartbeat:.*\n/m, ''), ['probe', 'heartbeat']),
      'a missing key is noticed',
    );
    const silent = text.replace(/^ +#.*\n(?= +heartbeat:)/m, '').replace(/^ +#.*\n(?= +heartbeat:)/m, '');
    assert.ok(!isDocumented(silent, ['probe', 'heartbeat']), 'a missing comment is noticed');
  });

  test('holds the defaults, but for the demonstration and the loopback networks that it needs', () => {
    const settings = settingsOf({ file: shipped, environment: {} });
    assert.equal(settings.demo.enabled, true);
    assert.deepEqual(settings.probe.allowNetworks, ['127.0.0.0/8']);
    const flags = { demo: { enabled: false }, probe: { allowNetworks: [] } };
    assert.deepEqual(settingsOf({ file: shipped, environment: {}, flags }), settingsOf({ environment: {} }));
  });
});

/** Whether the key stands in the text, at the depth of its path, with a comment on the line above. */
function isDocumented(text: string, path: readonly string[]): boolean {
  const lines = text.split('\n');
  let from = 0;
  for (const [depth, key] of path.entries()) {
    from = lines.findIndex((line, index) => index >= from && line.startsWith(`${'  '.repeat(depth)}${key}:`));
    if (from < 0) return false;
  }
  return /^\s*#/.test(lines[from - 1] ?? '');
}

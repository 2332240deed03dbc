import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { adviceFor, findTool, provideTools, TEST_TOOLS } from '../../../scripts/test-tools.ts';

const COMMANDS = TEST_TOOLS.map(({ command }) => command);

let path = '';

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'azimuth-tools-'));
});
afterEach(() => rmSync(path, { recursive: true }));

const put = (...commands: string[]) => {
  for (const command of commands) writeFileSync(join(path, command), '');
};

/** Runs nothing: notes what it was asked for, and answers with what `outcome` says. */
function provide(outcome: (command: string) => string | undefined, isRoot = true) {
  const said: string[] = [];
  const ran: string[] = [];
  const run = (argv: readonly string[]) => {
    ran.push(argv.join(' '));
    return outcome(argv.join(' '));
  };
  const missing = provideTools((text) => said.push(text), { isRoot, path, run }).map(({ command }) => command);
  return { missing, said, ran };
}

describe('provideTools', () => {
  test('does and says nothing when all is there', () => {
    put(...COMMANDS);
    assert.deepEqual(
      provide(() => 'no'),
      { missing: [], said: [], ran: [] },
    );
  });

  test('installs only what is missing, and starts no service meanwhile', () => {
    put('apt-get', 'sudo', ...COMMANDS.filter((command) => command !== 'unbound'));
    const { missing, said, ran } = provide((command) => {
      if (command.includes('install')) put('unbound');
      return undefined;
    });
    assert.deepEqual(missing, []);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /installing unbound with apt-get/);
    assert.match(ran[0] ?? '', /exit 101.*policy-rc\.d/);
    assert.match(ran[1] ?? '', /apt-get install -y -q --no-install-recommends unbound$/);
    assert.match(ran[2] ?? '', /rm -f \/usr\/sbin\/policy-rc\.d/);
    assert.equal(ran.length, 3);
  });

  test('fetches the package lists and tries again when the first try fails', () => {
    put('apt-get', 'sudo');
    let tries = 0;
    const { missing, ran } = provide((command) => {
      if (!command.includes('install')) return undefined;
      if (++tries === 2) put(...COMMANDS);
      return tries === 2 ? undefined : 'E: Unable to locate package unbound';
    });
    assert.deepEqual(missing, []);
    assert.equal(ran.filter((command) => command === 'apt-get update -q').length, 1);
  });

  test('leaves a policy of the machine alone', () => {
    put('apt-get', 'sudo');
    const { ran } = provide((command) => (command.includes('exit 101') ? 'cannot create: File exists' : undefined));
    assert.ok(!ran.some((command) => command.includes('rm -f')));
  });

  test('what could not be installed is told with the reason and the command that would provide it', () => {
    put('apt-get', 'sudo', ...COMMANDS.filter((command) => command !== 'dig'));
    const { missing, said } = provide((command) => (command.includes('apt-get') ? 'E: no network' : undefined));
    assert.deepEqual(missing, ['dig']);
    assert.match(said[1] ?? '', /could not install dig \(E: no network\); by hand: /);
  });

  test('without apt, tests are skipped with the command that would provide what they need', () => {
    const { missing, said, ran } = provide(() => 'no');
    assert.deepEqual([missing, ran], [COMMANDS, []]);
    assert.match(
      said[0] ?? '',
      /tests that need redis-server, unbound, ip, dig, named-rrchecker, named, nsd, knotd, dnsviz, zonemaster-cli, kdig will be skipped; to have them run: /,
    );
  });

  test('someone who may not become root is told, and nothing more is run', () => {
    put('apt-get', 'sudo');
    const { missing, ran } = provide(() => 'a password is required', false);
    assert.deepEqual([missing, ran], [COMMANDS, ['sudo -n true']]);
  });

  test('someone whom sudo lets do so installs with it', () => {
    put('apt-get', 'sudo');
    const { ran } = provide(() => undefined, false);
    assert.ok(ran.every((command) => command.startsWith('sudo -n ')));
    assert.match(ran[2] ?? '', /apt-get install/);
  });

  test('the advice suits the platform', () => {
    assert.match(
      adviceFor(TEST_TOOLS, 'linux'),
      /^sudo apt-get install .* redis-server unbound iproute2 bind9-dnsutils bind9 nsd knot dnsviz zonemaster-cli knot-dnsutils$/,
    );
    assert.match(adviceFor(TEST_TOOLS, 'darwin'), /^brew install redis unbound iproute2mac bind nsd knot dnsviz$/);
  });

  test('a tool is found in its folder of the path', () => {
    put('dig');
    assert.equal(findTool('dig', `/nowhere:${path}`), join(path, 'dig'));
    assert.equal(findTool('dig', '/nowhere:'), undefined);
  });
});

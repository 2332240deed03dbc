// One anycast address may be served by programs of several makes: given the same secret, BIND and Knot accept the cookies that
// we make, and we accept theirs (RFC 9018).

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findTool } from '../../scripts/test-tools.ts';
import { checkCookies } from '../../src/answer/cookie.ts';
import { conductWith } from '../support/conduct.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { askUdp, decodeAnswer, encodeQuery } from '../support/dns-client.ts';
import { findFreePort } from '../support/free-port.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { requireProgram } from '../support/require-program.ts';

const skip = requireProgram('named', 'bind9') ?? requireProgram('knotd', 'knot') ?? false;
const SECRET = '445536bcd2513298075a5d379663c962';
const CLIENT_COOKIE = [9, 8, 7, 6, 5, 4, 3, 2];
const LOOPBACK = { family: 4, words: Uint32Array.of(0x7f000001, 0, 0, 0) };
const START_LIMIT_MS = 20_000;
const ZONE = '@ 60 SOA ns hostmaster 1 1800 600 604800 60\n@ 60 NS ns\nns 60 A 192.0.2.1\n';

const { secrets } = conductWith({}, SECRET).cookies;

/** Ours for a client on loopback, now; and whether the server cookie in `cookies` is one of ours. */
function check(cookies: readonly number[]): { isValid: boolean; sent: readonly number[] } {
  const out = new Uint8Array(24);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const isValid = checkCookies(secrets, LOOPBACK, Uint8Array.from(cookies), 0, cookies.length, nowSeconds, out);
  return { isValid, sent: [...out] };
}

describe('server cookies between servers', { skip, timeout: 60_000 }, () => {
  let processes: Processes;
  const ports = { named: 0, knotd: 0 };

  before(async () => {
    processes = await openProcesses();
    ports.named = await findFreePort();
    ports.knotd = await findFreePort();
    startNamed(processes, ports.named);
    startKnot(processes, ports.knotd);
    for (const port of Object.values(ports)) {
      const isUp = async () => (await askUdp(port, encodeQuery({ name: 'ns.example.test.' }))) !== undefined;
      await waitUntil(`port ${port} answers`, isUp, START_LIMIT_MS, 100);
    }
  });
  after(() => processes.close());

  /** BADCOOKIE or not, and the cookies that came back. */
  async function exchange(port: number, cookies: readonly number[]) {
    const query = encodeQuery({ name: 'ns.example.test.', options: [{ code: 10, data: cookies }] });
    const bytes = await askUdp(port, query, { timeoutMs: 2000 });
    if (bytes === undefined) throw new Error(`port ${port} does not answer`);
    const { edns, rcode } = decodeAnswer(bytes);
    return { rcode, cookies: [...(edns?.options.find(({ code }) => code === 10)?.data ?? [])] };
  }

  for (const name of ['named', 'knotd'] as const) {
    it(`${name} accepts ours, and asks whoever has none to come with one`, async () => {
      assert.equal((await exchange(ports[name], CLIENT_COOKIE)).rcode, 23);
      assert.equal((await exchange(ports[name], check(CLIENT_COOKIE).sent)).rcode, 0);
      const changed = check(CLIENT_COOKIE).sent.with(23, 1 ^ (check(CLIENT_COOKIE).sent[23] ?? 0));
      assert.equal((await exchange(ports[name], changed)).rcode, 23);
    });

    it(`we accept those of ${name}`, async () => {
      const { cookies } = await exchange(ports[name], CLIENT_COOKIE);
      assert.equal(check(cookies).isValid, true);
      assert.equal(check(cookies.with(20, 1 ^ (cookies[20] ?? 0))).isValid, false);
    });
  }
});

function startNamed(processes: Processes, port: number): void {
  const directory = processes.makeDirectory('named');
  writeFileSync(join(directory, 'zone'), ZONE);
  writeFileSync(
    join(directory, 'named.conf'),
    `options {
       directory "${directory}"; pid-file none; session-keyfile none; lock-file none;
       listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no;
       cookie-algorithm siphash24; cookie-secret "${SECRET}"; answer-cookie yes; require-server-cookie yes;
     };
     controls {};
     zone "example.test" { type primary; file "zone"; };\n`,
  );
  processes.run(findTool('named') ?? '', ['-g', '-c', join(directory, 'named.conf')], { name: 'named' });
}

function startKnot(processes: Processes, port: number): void {
  const directory = processes.makeDirectory('knot');
  writeFileSync(join(directory, 'zone'), ZONE);
  writeFileSync(
    join(directory, 'knot.conf'),
    `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
database:
  storage: "${directory}"
mod-cookies:
  - id: shared
    secret: 0x${SECRET}
    badcookie-slip: 1
template:
  - id: default
    global-module: mod-cookies/shared
    storage: "${directory}"
zone:
  - domain: example.test
    file: zone\n`,
  );
  processes.run(findTool('knotd') ?? '', ['-c', join(directory, 'knot.conf')], { name: 'knotd' });
}

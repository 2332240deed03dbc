// Unbound validates every kind of answer of signed zones, from the trust anchor of the first of them down.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findTool } from '../../scripts/test-tools.ts';
import { formatResponseCode } from '../../src/wire/record-types.ts';
import { waitUntil } from '../support/dns-ask.ts';
import { askUdp, decodeAnswer, encodeQuery } from '../support/dns-client.ts';
import { findFreePort } from '../support/free-port.ts';
import { missingTools } from '../support/missing-tools.ts';
import { openProcesses, type Processes } from '../support/processes.ts';
import { type ServedDesk, serveDesk } from '../support/serve-desk.ts';
import { ASKED, ASKED_TYPES, describeWorld, dsText, makeWorldKeys, SIGNED_ZONE } from '../support/signed-world.ts';
import { createFixture } from '../support/snapshot-fixture.ts';
import { frameUnbound, stubs } from '../support/validating-resolvers.ts';

/** For questions to a resolver that may not listen yet, where nothing says so. */
const STARTING_TIMEOUT_MS = 300;

/** How absence is proven, and whether the resolver infers other absences from the proofs (RFC 8198). */
const CASES = [
  { denial: 'nsec', aggressive: 'no' },
  { denial: 'nsec', aggressive: 'yes' },
  { denial: 'compact', aggressive: 'no' },
] as const;

for (const { denial, aggressive } of CASES) testResolver(denial, aggressive);

function testResolver(denial: 'nsec' | 'compact', aggressive: 'yes' | 'no'): void {
  const title = `a resolver that validates denial by ${denial}${aggressive === 'yes' ? ', and infers from it' : ''}`;
  describe(title, { skip: missingTools('unbound'), timeout: 120_000 }, () => {
    let processes: Processes;
    let served: ServedDesk | undefined;
    let resolver = 0;
    const keys = makeWorldKeys();

    before(async () => {
      const { desk } = createFixture({ ...describeWorld(keys, denial) }, { keys });
      served = await serveDesk(desk);
      processes = await openProcesses();
      resolver = await findFreePort();
      const directory = processes.makeDirectory('unbound');
      const own = keys.get(SIGNED_ZONE);
      assert.ok(own);
      writeFileSync(join(directory, 'anchor'), `${SIGNED_ZONE}. 300 IN DS ${dsText(SIGNED_ZONE, own)}\n`);
      writeFileSync(
        join(directory, 'unbound.conf'),
        unboundConfiguration(directory, resolver, served.port, aggressive),
      );
      processes.run(findTool('unbound') ?? 'unbound', ['-d', '-c', join(directory, 'unbound.conf')], {
        name: 'unbound',
      });
      const answers = async () => (await askResolver(SIGNED_ZONE, 'SOA', STARTING_TIMEOUT_MS)).isSecure;
      await waitUntil('unbound answers', answers, 20_000, 100);
    });
    after(async () => {
      await processes?.close();
      await served?.close();
    });

    async function askResolver(
      name: string,
      type: string,
      timeoutMs = 5000,
    ): Promise<{ rcode: string; isSecure: boolean }> {
      const query = encodeQuery({ name: `${name}.`, type, flags: RECURSION_DESIRED | AUTHENTIC_DATA });
      const bytes = await askUdp(resolver, query, { timeoutMs });
      if (bytes === undefined) return { rcode: 'no answer', isSecure: false };
      const { rcode, authenticData } = decodeAnswer(bytes);
      return { rcode: formatResponseCode(rcode), isSecure: authenticData };
    }

    it('finds every answer secure that must be, and none bogus', async () => {
      const wrong: string[] = [];
      for (const [name, mustBeSecure] of ASKED) {
        const replies = await Promise.all(
          ASKED_TYPES.filter((type) => !isUnanswerable(name, type)).map(async (type) => ({
            type,
            ...(await askResolver(name, type)),
          })),
        );
        for (const { type, rcode, isSecure } of replies) {
          const isFine = (rcode === 'NOERROR' || rcode === 'NXDOMAIN') && isSecure === mustBeSecure;
          if (!isFine) wrong.push(`${name} ${type}: ${rcode}${isSecure ? ' secure' : ''}`);
        }
      }
      if (wrong.length > 0) process.stderr.write(`${processes.report()}\n`);
      assert.deepEqual(wrong, []);
    });
  });
}

/** Name servers are never asked at their own addresses, where nobody listens on port 53. */
const ZONES = [SIGNED_ZONE, 'secure.s.example', 'deep.secure.s.example', 'insecure.s.example'];

/**
 * The parent of the first zone is not there to say what DS it has. And for a CNAME that a DNAME makes, Unbound 1.17 looks for
 * a DS at the name, which it finds to be an alias: such a question is none that anybody but we would ask (delv takes our answer).
 */
function isUnanswerable(name: string, type: string): boolean {
  return (name === SIGNED_ZONE && type === 'DS') || (name.endsWith(`.d.${SIGNED_ZONE}`) && type === 'CNAME');
}

const RECURSION_DESIRED = 0x0100;
/** RFC 6840 section 5.7: in a query, "understands the AD bit". */
const AUTHENTIC_DATA = 0x0020;

function unboundConfiguration(directory: string, port: number, upstream: number, aggressive: 'yes' | 'no'): string {
  return `${frameUnbound(directory, port)}
  module-config: "validator iterator"
  trust-anchor-file: "${directory}/anchor"
  aggressive-nsec: ${aggressive}
  qname-minimisation: no
  trust-anchor-signaling: no
  val-log-level: 2
${stubs(ZONES, upstream)}`;
}

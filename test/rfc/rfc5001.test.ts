// RFC 5001, "DNS Name Server Identifier (NSID) Option", and RFC 4892, "Requirements for a Mechanism Identifying a Name Server
// Instance".

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conductWith } from '../support/conduct.ts';
import { askZone, OPEN_FIXTURE } from '../support/rfc-zone.ts';
import { createFixture } from '../support/snapshot-fixture.ts';

const NSID = { options: [{ code: 3, data: [] }] };
const nsidOf = ({ message }: ReturnType<typeof askZone>) =>
  message.edns?.options.filter(({ code }) => code === 3).map(({ data }) => Buffer.from(data).toString());

describe('RFC 5001', () => {
  // Section 2.2: "A name server that understands the NSID option and chooses to honor a particular NSID request responds by
  // including identifying information in a NSID option […] in an OPT pseudo-RR in the response message."
  it('names the server to whoever asks, whatever the answer and however it came', () => {
    for (const name of ['mail', 'nothing', 'www', 'example.net.']) {
      assert.deepEqual(nsidOf(askZone(name, 'A', NSID, OPEN_FIXTURE)), ['gtm1.test']);
    }
    for (const protocol of ['tcp', 'tls', 'https'] as const) {
      assert.deepEqual(nsidOf(askZone('mail', 'A', { ...NSID, protocol }, OPEN_FIXTURE)), ['gtm1.test']);
    }
  });

  // Section 2.2: only in answer to a request, and only where the server chooses to.
  it('says nothing unasked, nor where the operator says nothing', () => {
    assert.deepEqual(nsidOf(askZone('mail', 'A', { edns: true }, OPEN_FIXTURE)), []);
    assert.deepEqual(nsidOf(askZone('mail', 'A', NSID)), []);
  });

  // Section 2.1: the option of a query has no data; what is there has no meaning.
  it('takes no notice of what a client puts into it', () => {
    assert.deepEqual(nsidOf(askZone('mail', 'A', { options: [{ code: 3, data: [1, 2, 3] }] }, OPEN_FIXTURE)), [
      'gtm1.test',
    ]);
  });

  it('leaves out records, not the name, where both do not fit', () => {
    const { desk } = createFixture({}, { conduct: conductWith({ nsid: 'n'.repeat(64) }) });
    const { message } = askZone('ns1.gtm.example.com.', 'A', { ...NSID, outSize: 120 }, { ...OPEN_FIXTURE, desk });
    assert.deepEqual([message.isTruncated, message.answers.length, message.edns?.options.length], [true, 0, 1]);
  });
});

describe('RFC 4892', () => {
  const askChaos = (name: string, type = 'TXT', fixture = OPEN_FIXTURE) =>
    askZone(name, type, { class: 'CH', edns: true }, fixture);

  // Section 2.1: TXT questions of class CHAOS about HOSTNAME.BIND and VERSION.BIND, and of section 3 about ID.SERVER.
  it('tells id and version as the operator gave them', () => {
    for (const name of ['id.server.', 'hostname.bind.', 'HostName.BIND.']) {
      assert.deepEqual(askChaos(name).data, ['"gtm1.test"']);
    }
    for (const name of ['version.server.', 'version.bind.']) assert.deepEqual(askChaos(name).data, ['"azimuth test"']);
    assert.deepEqual(askChaos('id.server.', 'ANY').data, ['"gtm1.test"']);
  });

  it('answers with authority, in class CHAOS, with a TTL of 0', () => {
    const { message, ttl } = askChaos('id.server.');
    assert.deepEqual([message.isAuthoritative, message.answers[0]?.class, ttl], [true, 3, 0]);
  });

  // Section 3: what is told is for the operator to choose, and may be nothing.
  it('is refused where the operator gave nothing, and for everything else', () => {
    const refused = [
      askZone('id.server.', 'TXT', { class: 'CH' }),
      askZone('version.bind.', 'TXT', { class: 'CH' }),
      askChaos('id.server.', 'A'),
      askChaos('authors.bind.'),
      askChaos('server.'),
      askChaos('mail'),
    ];
    for (const { rcode, answers } of refused) assert.deepEqual([rcode, answers], ['REFUSED', []]);
    // The same names are no names of class IN.
    assert.equal(askZone('id.server.', 'TXT', {}, OPEN_FIXTURE).rcode, 'REFUSED');
  });
});

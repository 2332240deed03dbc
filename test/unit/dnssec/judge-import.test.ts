import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeImport } from '../../../src/dnssec/judge-import.ts';

const PUBLIC = 'oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA==';

function judge(flags: number, role: 'csk' | 'ksk' | 'zsk', { owner = 'example.org.', key = PUBLIC, ttl = '' } = {}) {
  const text = `; This is a key\n${owner} ${ttl} IN DNSKEY ${flags} 3 13 ${key}\n`;
  return judgeImport(text, 'example.org', { role, algorithm: 13, publicKey: PUBLIC });
}

describe('a key that is brought along', () => {
  it('is taken for what the flags of its DNSKEY say, a KSK for a CSK too', () => {
    assert.equal(judge(257, 'ksk'), undefined);
    assert.equal(judge(257, 'csk', { owner: 'Example.ORG.', ttl: '3600' }), undefined);
    assert.equal(judge(256, 'zsk', { key: `${PUBLIC.slice(0, 44)} ${PUBLIC.slice(44)}` }), undefined);
  });

  it('is refused in another role, for another zone, key or end', () => {
    assert.match(judge(256, 'ksk') ?? '', /flags 256 of the DNSKEY are those of a ZSK: it cannot be imported as ksk/);
    assert.match(judge(256, 'csk') ?? '', /those of a ZSK: it cannot be imported as csk/);
    assert.match(judge(257, 'zsk') ?? '', /those of a KSK \(or CSK\): it cannot be imported as zsk/);
    assert.match(judge(385, 'ksk') ?? '', /it was revoked/);
    assert.match(judge(0, 'zsk') ?? '', /no key of a zone/);
    assert.match(judge(257, 'ksk', { owner: 'example.net.' }) ?? '', /that of example\.net\., not of example\.org/);
    assert.match(judge(257, 'ksk', { key: PUBLIC.replace('oJ', 'oK') }) ?? '', /that of another private key/);
    assert.match(
      judgeImport('', 'example.org', { role: 'ksk', algorithm: 13, publicKey: PUBLIC }) ?? '',
      /cannot be read/,
    );
  });
});

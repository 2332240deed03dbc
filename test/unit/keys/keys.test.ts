import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { composeKeyring, createKeyring, type KeyRecord, parseKeyring } from '../../../src/dnssec/keyring.ts';
import type { Sign } from '../../../src/dnssec/zone-keys.ts';
import { keepPrivateKey, makeKeyRecord } from '../../../src/keys/make-key-record.ts';
import { exportPrivateKey, makePrivateKey, readPrivateKey } from '../../../src/keys/private-key.ts';
import { readZoneKeys } from '../../../src/keys/read-zone-keys.ts';
import { type KeySecret, parseSecret, sealKey, unsealKey } from '../../../src/keys/seal-key.ts';
import { signWithKey } from '../../../src/keys/sign.ts';
import { formatRecordData } from '../../../src/wire/record-data.ts';

const ZONE = 'example.com';

function secretOf(text = randomBytes(32).toString('hex')): KeySecret {
  const secret = parseSecret(text);
  assert.ok(typeof secret !== 'string', String(secret));
  return secret;
}

function verifies(sign: Sign, algorithm: 13 | 15): void {
  const made = makePrivateKey(algorithm);
  const data = Buffer.from('signed');
  const signing = { algorithm, keyTag: 0, dnskey: new Uint8Array(), handle: made.key };
  const signature = sign(signing, data);
  assert.equal(signature.length, 64);
  const [x, y] = [made.publicKey.subarray(0, 32), made.publicKey.subarray(32)].map((octets) =>
    Buffer.from(octets).toString('base64url'),
  );
  const key =
    algorithm === 15
      ? { kty: 'OKP', crv: 'Ed25519', ...(x !== undefined && { x }) }
      : { kty: 'EC', crv: 'P-256', ...(x !== undefined && { x }), ...(y !== undefined && { y }) };
  const isRight = verify(
    algorithm === 15 ? null : 'sha256',
    data,
    { key, format: 'jwk', dsaEncoding: 'ieee-p1363' },
    signature,
  );
  assert.equal(isRight, true);
}

describe('a secret', () => {
  test('is 32 octets in hexadecimal or base64, and any other text is told what to write, without being repeated', () => {
    const octets = randomBytes(32);
    for (const text of [octets.toString('hex'), `${octets.toString('base64')}\n`, octets.toString('base64url')]) {
      assert.deepEqual(secretOf(text).secret.export(), octets);
    }
    for (const text of ['', 'password1', octets.toString('hex').slice(2), randomBytes(33).toString('base64')]) {
      const problem = parseSecret(text);
      assert.ok(typeof problem === 'string');
      assert.match(problem, /openssl rand -hex 32/);
      assert.ok(text === '' || !problem.includes(text));
    }
  });
});

describe('a sealed key', () => {
  const secret = secretOf();
  const record = makeKeyRecord(secret, 13, { role: 'ksk', createdAtMs: 1 }, createKeyring(ZONE));
  const bound = { ...record, zone: ZONE };

  test('opens with its secret for what it is bound to', () => {
    assert.equal(unsealKey(secret, bound, record.sealed)?.type, 'private');
  });

  const others: readonly (readonly [string, Partial<KeyRecord & { zone: string }>])[] = [
    ['zone', { zone: 'example.org' }],
    ['id', { id: 'ksk-000000000000' }],
    ['role', { role: 'zsk' }],
    ['algorithm', { algorithm: 15 }],
    [
      'public key',
      { publicKey: makeKeyRecord(secret, 13, { role: 'ksk', createdAtMs: 1 }, createKeyring(ZONE)).publicKey },
    ],
  ];
  for (const [what, change] of others) {
    test(`does not open for another ${what}`, () => {
      assert.equal(unsealKey(secret, { ...bound, ...change }, record.sealed), undefined);
    });
  }

  test('does not open with another secret, changed, or cut', () => {
    assert.equal(unsealKey(secretOf(), bound, record.sealed), undefined);
    const octets = Buffer.from(record.sealed, 'base64');
    for (const at of [0, 1, 20, octets.length - 1]) {
      const changed = Buffer.from(octets);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(unsealKey(secret, bound, changed.toString('base64')), undefined);
    }
    assert.equal(unsealKey(secret, bound, octets.subarray(0, 29).toString('base64')), undefined);
    assert.equal(unsealKey(secret, bound, ''), undefined);
  });

  test('is never the same twice, and holds nothing of the private key in the clear', () => {
    const made = makePrivateKey(15);
    const [a, b] = [sealKey(secret, bound, made), sealKey(secret, bound, made)];
    assert.notEqual(a, b);
    assert.ok(!Buffer.from(a, 'base64').includes(exportPrivateKey(made).subarray(-32)));
  });
});

describe('a private key', () => {
  test('signs as RRSIG wants it: 64 octets that its DNSKEY verifies', () => {
    verifies(signWithKey, 13);
    verifies(signWithKey, 15);
  });

  test('signs so however small the two numbers of ECDSA turn out: one in 256 wants an octet less', () => {
    let small = 0;
    for (let round = 0; round < 1500; round++) {
      verifies((key, data) => {
        const signature = signWithKey(key, data);
        if (signature[0] === 0 || signature[32] === 0) small++;
        return signature;
      }, 13);
    }
    assert.ok(small > 0);
  });

  test('is read from PKCS#8 in PEM', () => {
    for (const algorithm of [13, 15] as const) {
      const made = makePrivateKey(algorithm);
      const read = readPrivateKey(String(made.key.export({ format: 'pem', type: 'pkcs8' })));
      assert.ok(typeof read !== 'string', String(read));
      assert.deepEqual(Buffer.from(read.publicKey), Buffer.from(made.publicKey));
    }
  });

  test('is read from what BIND keeps: RFC 6605 section 6.1, RFC 8080 section 6.1', () => {
    const p256 = readPrivateKey(
      'Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=\n',
    );
    const ed25519 = readPrivateKey(
      'Private-key-format: v1.2\nAlgorithm: 15 (ED25519)\nPrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n',
    );
    assert.ok(typeof p256 !== 'string' && typeof ed25519 !== 'string');
    assert.equal(
      Buffer.from(p256.publicKey).toString('base64'),
      'GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
    );
    assert.equal(Buffer.from(ed25519.publicKey).toString('base64'), 'l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=');
  });

  test('of another kind, broken or encrypted is refused in words that do not repeat it', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    const locked = makePrivateKey(13).key.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    const texts = [
      String(rsa.export({ format: 'pem', type: 'pkcs8' })),
      String(p384.export({ format: 'pem', type: 'pkcs8' })),
      String(locked),
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
      'Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\nModulus: AAAA',
      'Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA',
      `Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: ${Buffer.alloc(32).toString('base64')}`,
      'nothing',
      'x'.repeat(20_000),
    ];
    for (const text of texts) {
      const problem = readPrivateKey(text);
      assert.ok(typeof problem === 'string', text);
      for (const line of text.split('\n').filter((each) => each.length > 30)) assert.ok(!problem.includes(line));
    }
  });
});

describe('the keys of a zone', () => {
  const secret = secretOf();
  const shown = (role: 'csk' | 'ksk' | 'zsk'): KeyRecord => {
    const phase = { name: 'omnipresent' as const, sinceMs: 1 };
    const record = keepPrivateKey(secret, makePrivateKey(13), { zone: ZONE, role, createdAtMs: 1 }, false);
    return {
      ...record,
      dnskey: phase,
      ...(role !== 'ksk' && { signatures: phase }),
      ...(role !== 'zsk' && { ds: phase }),
    };
  };
  const keyring = { ...createKeyring(ZONE), keys: [shown('ksk'), shown('zsk')] };

  test('are written and read back the same', () => {
    assert.deepEqual(parseKeyring(composeKeyring(keyring)), keyring);
    const confirmed = { ...keyring, confirmed: ['a'], zoneTtl: { seconds: 5, lowered: { seconds: 1, untilMs: 9 } } };
    assert.deepEqual(parseKeyring(composeKeyring(confirmed)), confirmed);
    for (const text of ['', '{}', '[]', '{"zone":"a","keys":[{}],"zoneTtl":{"seconds":1},"keyTtl":{"seconds":1}}']) {
      assert.equal(typeof parseKeyring(text), 'string');
    }
  });

  test('say which sign what, and what the parent shall have', () => {
    const read = readZoneKeys(ZONE, composeKeyring(keyring), secret);
    assert.ok(read.ok && read.keys !== undefined);
    const { published, keySigners, zoneSigners, cds, cdnskey } = read.keys;
    assert.equal(published.length, 2);
    assert.deepEqual([keySigners.length, zoneSigners.length], [1, 1]);
    assert.deepEqual(keySigners[0]?.dnskey, published[0]);
    assert.match(
      formatRecordData(59, cds[0] ?? new Uint8Array()),
      new RegExp(`^${keySigners[0]?.keyTag} 13 2 [0-9a-fA-F]{64}$`),
    );
    assert.deepEqual(cdnskey, [published[0]]);
  });

  test('ask for the removal of the DS while it is withdrawn', () => {
    const read = readZoneKeys(ZONE, composeKeyring({ ...keyring, isWithdrawing: true }), secret);
    assert.ok(read.ok && read.keys !== undefined);
    assert.deepEqual(
      read.keys.cds.map((data) => formatRecordData(59, data)),
      ['0 0 0 00'],
    );
    assert.deepEqual(
      read.keys.cdnskey.map((data) => formatRecordData(60, data)),
      ['0 3 0 AA=='],
    );
  });

  test('that cannot be read are a problem with advice, and never an unsigned zone', () => {
    const text = composeKeyring(keyring);
    const problems = [
      readZoneKeys(ZONE, text, undefined),
      readZoneKeys(ZONE, text, secretOf()),
      readZoneKeys('example.org', text, secret),
      readZoneKeys(ZONE, 'no json', secret),
    ].map((read) => (read.ok ? '' : read.problem));
    assert.match(problems[0] ?? '', /set dnssec\.secretFile to the file that the API nodes have/);
    assert.match(problems[1] ?? '', /dnssec\.secretFile must be the same on every node/);
    assert.match(problems[2] ?? '', /those of example\.com/);
    assert.match(problems[3] ?? '', /no JSON/);
  });

  test('are none yet where nothing is shown', () => {
    const read = readZoneKeys(ZONE, composeKeyring(createKeyring(ZONE)), undefined);
    assert.deepEqual(read, { ok: true, keys: undefined });
  });
});

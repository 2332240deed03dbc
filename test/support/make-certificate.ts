// X.509 certificates for tests, made on the spot (RFC 5280, DER by hand): valid, expired, for another name, self-signed or
// issued by a test authority. No key is ever kept in the repository, and no program is needed to make one.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type TestCertificate = { readonly certificate: string; readonly key: string };

export type TestAuthority = TestCertificate & {
  /** A certificate for these DNS names or IPv4 addresses. */
  issue(names: readonly string[], validity?: Validity): TestCertificate;
};

export type Validity = { readonly from: Date; readonly to: Date };

const HOUR_MS = 3_600_000;
const fromNow = (ms: number) => new Date(Date.now() + ms);

export const VALID_NOW: Validity = { from: fromNow(-HOUR_MS), to: fromNow(24 * HOUR_MS) };
export const EXPIRED: Validity = { from: fromNow(-48 * HOUR_MS), to: fromNow(-24 * HOUR_MS) };
export const NOT_YET_VALID: Validity = { from: fromNow(24 * HOUR_MS), to: fromNow(48 * HOUR_MS) };

export function makeAuthority(name: string): TestAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { issuer: name, subject: name, validity: VALID_NOW, signer: keys.privateKey };
  const certificate = compose({ ...own, publicKey: keys.publicKey, extensions: [CERTIFICATE_AUTHORITY] });
  return {
    certificate,
    key: exportKey(keys.privateKey),
    issue: (names, validity = VALID_NOW) => make(name, names, validity, keys.privateKey),
  };
}

export function makeSelfSigned(names: readonly string[]): TestCertificate {
  return make(names[0] ?? '', names, VALID_NOW, undefined);
}

function make(
  issuer: string,
  names: readonly string[],
  validity: Validity,
  authority: KeyObject | undefined,
): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = authority ?? privateKey;
  const extensions = [alternativeNames(names)];
  const certificate = compose({ issuer, subject: names[0] ?? '', validity, publicKey, signer, extensions });
  return { certificate, key: exportKey(privateKey) };
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

type Contents = {
  readonly issuer: string;
  readonly subject: string;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
};

let serial = 1;

/** RFC 5280 section 4.1, as PEM. */
function compose({ issuer, subject, validity, publicKey, signer, extensions }: Contents): string {
  const version3 = tagged(0xa0, integer(2));
  const period = sequence(utcTime(validity.from), utcTime(validity.to));
  const subjectKey = publicKey.export({ type: 'spki', format: 'der' });
  const signed = sequence(
    ...[version3, integer(serial++), ECDSA_WITH_SHA256, distinguishedName(issuer), period],
    ...[distinguishedName(subject), subjectKey, tagged(0xa3, sequence(...extensions))],
  );
  const certificate = sequence(signed, ECDSA_WITH_SHA256, bitString(sign('sha256', signed, signer)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function tagged(tag: number, contents: Buffer): Buffer {
  const { length } = contents;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), contents]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), contents]);
}

const sequence = (...members: readonly Buffer[]) => tagged(0x30, Buffer.concat(members));
const integer = (value: number) => tagged(0x02, Buffer.of(value));
const bitString = (contents: Buffer) => tagged(0x03, Buffer.concat([Buffer.of(0), contents]));
const octetString = (contents: Buffer) => tagged(0x04, contents);
/** Already encoded arcs, in hexadecimal. */
const objectId = (arcs: string) => tagged(0x06, Buffer.from(arcs, 'hex'));

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));
/** 2.5.29.19, critical: cA TRUE. */
const CERTIFICATE_AUTHORITY = sequence(
  objectId('551d13'),
  Buffer.of(1, 1, 0xff),
  octetString(sequence(Buffer.of(1, 1, 0xff))),
);

/** 2.5.29.17: dNSName [2], iPAddress [7]. */
function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    /^[\d.]+$/.test(name) ? tagged(0x87, Buffer.from(name.split('.').map(Number))) : tagged(0x82, Buffer.from(name)),
  );
  return sequence(objectId('551d11'), octetString(sequence(...entries)));
}

/** A common name (2.5.4.3) alone. */
function distinguishedName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(name)))));
}

function utcTime(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

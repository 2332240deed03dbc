// What TLS to Redis is spoken with, from files: whom to believe (a private authority), and who we are (a client
// certificate). They are read at every attempt to connect.

import { readFileSync, statSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { createStoreError, describeCause } from '../store-error.ts';
import type { ReadTls } from './server-connector.ts';

export type TlsFiles = {
  /** Paths of PEM files. Empty `ca`: the authorities that Node knows. Empty `certificate` and `key`: we show none. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** The name that the servers' certificate must have; empty: that of the host that is connected to. */
  readonly serverName: string;
};

/** A bundle of authorities is some hundred kilobytes. */
const MAX_FILE_BYTES = 1 << 22;

/** @throws StoreError STORE_BAD_TLS when the files cannot be used now: they are what an operator mistypes. */
export function openTlsFiles(files: TlsFiles, peer = 'Redis'): ReadTls {
  try {
    createSecureContext(readFiles(files));
  } catch (cause) {
    const named = [files.ca, files.certificate, files.key].filter((path) => path !== '').join(', ');
    throw createStoreError(
      'STORE_BAD_TLS',
      `TLS to ${peer} cannot be spoken with ${named}: ${describeCause(cause)}`,
      cause,
    );
  }
  return () => readFiles(files);
}

function readFiles({ ca, certificate, key, serverName }: TlsFiles): ConnectionOptions {
  return {
    ...(ca !== '' && { ca: readPem(ca) }),
    ...(certificate !== '' && { cert: readPem(certificate) }),
    ...(key !== '' && { key: readPem(key) }),
    ...(serverName !== '' && { servername: serverName }),
  };
}

function readPem(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new Error(`${path} has ${size} bytes: this is no PEM file`);
  return readFileSync(path, 'latin1');
}

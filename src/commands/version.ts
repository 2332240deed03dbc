// The version, from the one place where it stands.

import { readFileSync } from 'node:fs';

function readVersion(): string {
  const text: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof text !== 'object' || text === null || !('version' in text) || typeof text.version !== 'string') {
    throw new Error('package.json has no version: the installation is damaged');
  }
  return text.version;
}

export const VERSION = readVersion();

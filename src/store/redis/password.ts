// Passwords of users in Redis, as Redis keeps them.

import { createHash, randomBytes } from 'node:crypto';

const PASSWORD_BYTES = 32;

/** Of characters that stand in an address as they are. */
export function makePassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('hex');
}

/** SHA-256 in hexadecimal: what `#` takes in ACL SETUSER. */
export function hashPassword(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

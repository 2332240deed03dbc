// What the API is given of the keys of signed zones: the keeper, and the secret, of which it never sees anything.

import type { KeyDesk } from '../api/ports.ts';
import { keepPrivateKey } from '../keys/make-key-record.ts';
import { readPrivateKey } from '../keys/private-key.ts';
import type { KeySecret } from '../keys/seal-key.ts';
import { digestKey } from '../keys/sign.ts';
import type { KeyKeeper } from './key-keeper.ts';
import { SECRET_ADVICE } from './key-secret.ts';

export function openKeyDesk(keeper: Pick<KeyKeeper, 'state' | 'look'>, secret: KeySecret | undefined): KeyDesk {
  return {
    canKeep: secret !== undefined,
    digest: digestKey,
    state: (zone) => keeper.state(zone),
    look: (zone) => keeper.look(zone),
    take(zone, role, text, createdAtMs) {
      if (secret === undefined) return `there is no secret to keep keys with: ${SECRET_ADVICE}`;
      const read = readPrivateKey(text);
      return typeof read === 'string' ? read : keepPrivateKey(secret, read, { zone, role, createdAtMs }, true);
    },
  };
}

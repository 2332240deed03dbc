// What the API is given of the keys of signed zones: the keeper, and the secret, of which it never sees anything.

import type { KeyDesk } from '../api/ports.ts';
import type { KeyRecord } from '../dnssec/keyring.ts';
import { keepPrivateKey } from '../keys/make-key-record.ts';
import { readPrivateKey } from '../keys/private-key.ts';
import { type KeySecret, resealKey } from '../keys/seal-key.ts';
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
    reseal(keyring) {
      if (secret === undefined) return `there is no secret to keep keys with: ${SECRET_ADVICE}`;
      const keys: KeyRecord[] = [];
      for (const key of keyring.keys) {
        const sealed = resealKey(secret, { ...key, zone: keyring.zone }, key.sealed);
        if (sealed === undefined)
          return `the key ${key.id} of ${keyring.zone} cannot be read with any secret of this process`;
        keys.push(sealed === key.sealed ? key : { ...key, sealed });
      }
      return keys.every((key, index) => key === keyring.keys[index]) ? keyring : { ...keyring, keys };
    },
  };
}

// From a keyring as it is kept to the keys that a zone is signed with. All or nothing: a zone whose keys cannot be read is not
// served unsigned, for its parent may have a DS.

import { keyTagOf } from '../dnssec/dnskey.ts';
import { type KeyRecord, type Keyring, parseKeyring } from '../dnssec/keyring.ts';
import { dnskeyOf, showKeys } from '../dnssec/show-keys.ts';
import type { SigningKey, ZoneKeys } from '../dnssec/zone-keys.ts';
import { parseNameText } from '../wire/name.ts';
import { type KeySecret, unsealKey } from './seal-key.ts';
import { digestKey } from './sign.ts';

export type ReadZoneKeys =
  /** Undefined: it has no keys yet, and is served unsigned. */
  { readonly ok: true; readonly keys: ZoneKeys | undefined } | { readonly ok: false; readonly problem: string };

/** @param text that of the object of the revision; `secret` undefined: this process has none. */
export function readZoneKeys(zone: string, text: string, secret: KeySecret | undefined): ReadZoneKeys {
  const keyring = parseKeyring(text);
  if (typeof keyring === 'string') return { ok: false, problem: `${keyring}.` };
  if (keyring.zone !== zone) return { ok: false, problem: `the stored keys are those of ${keyring.zone}.` };
  const owner = parseNameText(zone);
  if (!(owner instanceof Uint8Array)) return { ok: false, problem: `${owner.problem}.` };
  const shown = showKeys(keyring, owner, digestKey);
  if (shown === undefined) return { ok: true, keys: undefined };
  if (secret === undefined) {
    const advice = 'set dnssec.secretFile to the file that the API nodes have';
    return { ok: false, problem: `this process has no secret to read the keys with: ${advice}.` };
  }
  const opened = new Map(
    [...shown.keySigners, ...shown.zoneSigners].map((key) => [key.id, openKey(keyring, key, secret)]),
  );
  const sealed = [...opened].find(([, key]) => key === undefined);
  if (sealed !== undefined) {
    const advice =
      'dnssec.secretFile must be the same on every node, and dnssec.secret in the state directory is to be kept: put its copy back';
    return { ok: false, problem: `the key ${sealed[0]} cannot be read with the secret of this process: ${advice}.` };
  }
  const pick = (keys: readonly KeyRecord[]) => keys.flatMap(({ id }) => opened.get(id) ?? []);
  const { published, cds, cdnskey } = shown;
  const keys = { published, keySigners: pick(shown.keySigners), zoneSigners: pick(shown.zoneSigners), cds, cdnskey };
  return { ok: true, keys };
}

function openKey({ zone }: Keyring, record: KeyRecord, secret: KeySecret): SigningKey | undefined {
  const handle = unsealKey(secret, { ...record, zone }, record.sealed);
  if (handle === undefined) return undefined;
  const dnskey = dnskeyOf(record);
  return { algorithm: record.algorithm, keyTag: keyTagOf(dnskey), dnskey, handle };
}

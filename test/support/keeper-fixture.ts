// A keeper of keys over a real writer, with a parent that says what the test lets it say, and a clock that the test sets.

import type { ParentAnswer } from '../../src/keys/ask-parent.ts';
import type { KeySecret } from '../../src/keys/seal-key.ts';
import { parseSecret } from '../../src/keys/seal-key.ts';
import type { RunningWriter } from '../../src/roles/configuration-writer.ts';
import { type KeyKeeper, startKeyKeeper } from '../../src/roles/key-keeper.ts';
import { createParentWatch } from '../../src/roles/parent-watch.ts';

export const SECRET: KeySecret = makeSecret('11'.repeat(32));

export function makeSecret(text: string): KeySecret {
  const secret = parseSecret(text);
  if (typeof secret === 'string') throw new Error(secret);
  return secret;
}

export type KeeperWorld = {
  nowMs: number;
  /** What the parent answers; undefined: nothing. */
  ds: readonly Uint8Array[] | undefined;
  readonly lines: { readonly level: 'info' | 'warn'; readonly message: string; readonly fields: object }[];
};

const TTL_SECONDS = 3600;

export function openKeeper(
  writer: RunningWriter,
  world: KeeperWorld,
  secret: KeySecret | undefined = SECRET,
  asksParents = true,
): KeyKeeper {
  const ask = async (): Promise<ParentAnswer> =>
    world.ds === undefined
      ? { ok: false, reason: 'nobody answers' }
      : { ok: true, ds: world.ds, ttlSeconds: world.ds.length > 0 ? TTL_SECONDS : 0 };
  const logger = {
    info: (fields: object, message: string) => void world.lines.push({ level: 'info', message, fields }),
    warn: (fields: object, message: string) => void world.lines.push({ level: 'warn', message, fields }),
  };
  const nowMs = () => world.nowMs;
  const parents = createParentWatch(asksParents ? ask : undefined, 60_000, nowMs);
  return startKeyKeeper({ writer, secret, parents, logger, nowMs });
}

// Sealing the private keys of all zones with another secret: the second step of three by which an operator changes it, between
// giving every node both and taking the old one away.

import { Type } from 'typebox';
import type { Keyring } from '../dnssec/keyring.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { callerOf } from './authorize.ts';
import { describeRoute } from './route-schema.ts';

export const ResealedSchema = Type.Object({
  resealed: Type.Integer({ description: 'Zones whose keys were sealed with another secret than the first.' }),
  zones: Type.Integer({ description: 'Zones that have keys.' }),
});

export function addResealRoute({ server, desk, writer, keys }: ApiContext): void {
  server.post(
    '/v1/dnssec/reseal',
    {
      config: { scope: 'admin' },
      schema: describeRoute(
        {
          operationId: 'resealKeys',
          tag: 'dnssec',
          summary: 'Seal all private keys with the first secret of dnssec.secretFile',
          description: 'Every node must know that secret already. Keys that are sealed with it stay as they are.',
        },
        { 200: ResealedSchema },
      ),
    },
    async (request) => {
      let found: readonly Keyring[] = [];
      let changed: readonly Keyring[] = [];
      await desk.commitInTurn((current) => {
        found = [...current.keyrings.values()];
        changed = found.flatMap((keyring) => {
          const sealed = keys.reseal(keyring);
          if (typeof sealed === 'string') throw refuse('INVALID', `${sealed[0]?.toUpperCase()}${sealed.slice(1)}.`);
          return sealed === keyring ? [] : [sealed];
        });
        const message = `seal the keys of ${changed.length} zones with another secret`;
        return writer.commitKeys({ expected: current.id, author: callerOf(request).name, message, keyrings: changed });
      });
      return { resealed: changed.length, zones: found.length };
    },
  );
}

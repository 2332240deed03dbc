// Sets an override on what is there now: read, then replace exactly that.

import { OverrideSchema } from '../model/override.ts';
import type { ApiClient } from './api-client.ts';
import { overridePath, type Place } from './place.ts';

export type OverrideWord = {
  readonly state: string;
  readonly reason: string;
  /** A duration, such as 30m; absent: until it is cleared. */
  readonly for?: string;
};

export async function setOverride(client: ApiClient, place: Place, word: OverrideWord) {
  const path = overridePath(place);
  return client.request(OverrideSchema, 'PUT', path, { headers: await conditionOf(client, path), body: word });
}

/** Clearing what is not set is done already. */
export async function clearOverride(client: ApiClient, place: Place): Promise<void> {
  const path = overridePath(place);
  client.expect(await client.send('DELETE', path, { headers: { 'if-match': '*' } }));
}

async function conditionOf(client: ApiClient, path: string): Promise<Record<string, string>> {
  const present = await client.send('GET', path);
  if (present.status === 404) return { 'if-none-match': '*' };
  const { etag } = client.expect(present);
  return { 'if-match': etag ?? '*' };
}

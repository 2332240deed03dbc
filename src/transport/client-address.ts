// Puts the address of a peer, as Node gives it in text, onto the desk.

import type { Client } from '../answer/desk.ts';
import { parseAddress } from '../model/address.ts';

/** An address that cannot be read (there is none such from the kernel) counts as unknown: 0.0.0.0. */
export function setClientAddress(client: Client, text: string): void {
  const zone = text.indexOf('%');
  const address = parseAddress(zone < 0 ? text : text.slice(0, zone));
  client.family = address?.family ?? 4;
  for (let index = 0; index < 4; index++) client.words[index] = address?.words[index] ?? 0;
}

/** The peer of a connection; `text` is undefined for one that is gone already. */
export function clientOf(text: string | undefined): Client {
  const client = { family: 4, words: new Uint32Array(4) };
  setClientAddress(client, text ?? '');
  return client;
}

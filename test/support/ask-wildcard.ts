// A program for tests, which runs in a network namespace: listens on a wildcard address, asks at each address of its arguments
// over a socket that takes answers from there alone, and prints which of them answered.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createDesk } from '../../src/answer/desk.ts';
import { encodeQuery } from './dns-client.ts';
import { RFC_FIXTURE } from './rfc-zone.ts';
import { BATCH } from './udp-transports.ts';

const [wildcard = '', ...addresses] = process.argv.slice(2);
const { snapshot, state } = RFC_FIXTURE;
const listener = await BATCH.listen({ host: wildcard, port: 0, reusePort: false }, createDesk(snapshot, state, 1));
const answered: string[] = [];
for (const address of addresses) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.connect(listener.port, address);
  await once(socket, 'connect');
  socket.send(encodeQuery({ name: 'mail.example.com.' }));
  await once(socket, 'message', { signal: AbortSignal.timeout(2000) }).then(
    () => answered.push(address),
    () => undefined,
  );
  socket.close();
}
await listener.close();
process.stdout.write(`${JSON.stringify(answered)}\n`);

// What Azimuth's cost is compared with: a server of dns2, as its documentation shows one, that gives everybody the same
// address. `node test/bench/dns2-server.ts PORT`.

import { createUDPServer, Packet } from 'dns2';

const server = createUDPServer((request, send) => {
  const response = Packet.createResponseFromRequest(request);
  const [question] = request.questions;
  if (question !== undefined) {
    const { name } = question;
    response.answers.push(
      new Packet.Resource({ name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 30, address: '192.0.2.1' }),
    );
  }
  send(response);
});
server.on('listening', () => process.stdout.write('listening\n'));
await server.listen(Number(process.argv[2]), '127.0.0.1');

// Ports for servers that tests start: free for UDP and TCP on loopback, below the range from which the kernel takes its
// own, and out of a slice that is this process's, so that test files which run at the same time do not meet.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST_PORT = 10_000;
const SLICE_PORTS = 100;
const SLICES = 200;

let taken = 0;

/** A port that nobody listens on, and that this process has not been given before (until its slice is used up). */
export async function findFreePort(): Promise<number> {
  const sliceStart = FIRST_PORT + (process.pid % SLICES) * SLICE_PORTS;
  for (let tries = 0; tries < SLICE_PORTS; tries++) {
    const port = sliceStart + (taken++ % SLICE_PORTS);
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port;
  }
  throw new Error(`none of the ports ${sliceStart} to ${sliceStart + SLICE_PORTS - 1} is free`);
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer();
  const bound = once(server, 'listening');
  server.listen(port, '127.0.0.1');
  try {
    await bound;
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const bound = once(socket, 'listening');
  socket.bind(port, '127.0.0.1');
  try {
    await bound;
  } catch {
    socket.close();
    return false;
  }
  socket.close();
  await once(socket, 'close');
  return true;
}

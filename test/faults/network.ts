// A network of its own for a fault run: a switch, and for each member a network namespace with one cable to it. Cables can be
// cut, and members fall silent, without anything outside noticing. The process that opens it must itself be in a namespace
// of its own (run.ts sees to that), and everything ends with it.
//
//   member ── eth0 ══ cable ══ port ── switch (br0), where the clients are
//
//   link down   the cable is pulled: both ends see it at once
//   blackhole   the port leaves the switch: the cable looks sound, and nothing comes through
//   mute        the member hears everybody and is heard by nobody

import { spawnSync } from 'node:child_process';
import type { Processes } from '../support/processes.ts';

const PREFIX = '10.83.0';
export const CLIENT_ADDRESS = `${PREFIX}.1`;
/** Nobody has it: what is sent there is lost. */
const NOBODY = '02:00:00:00:00:99';

export type Place = {
  readonly name: string;
  readonly address: string;
  /** To be put before a command that is to run there. */
  readonly prefix: readonly string[];
};

export type Network = {
  addPlace(name: string): Promise<Place>;
  pullCable(place: Place): void;
  plugCable(place: Place): void;
  leaveSwitch(place: Place): void;
  joinSwitch(place: Place): void;
  /** `from` reaches `place` no more; everybody else does. */
  hide(place: Place, from: Place): void;
  show(place: Place, from: Place): void;
  /** Nobody hears `place` any more, except by what it has sent before. */
  mute(place: Place): void;
  unmute(place: Place): void;
};

export function openNetwork(processes: Processes): Network {
  const ports = new Map<string, string>();
  const places: Place[] = [];
  ip('link set lo up');
  ip('link add br0 type bridge');
  ip(`addr add ${CLIENT_ADDRESS}/24 dev br0`);
  ip('link set br0 up');

  async function addPlace(name: string): Promise<Place> {
    const number = places.length + 2;
    const address = `${PREFIX}.${number}`;
    const port = `port${number}`;
    // Forks nothing: the process that is started is the one that holds the namespace, and that is entered by its id.
    const holder = processes.run('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 36000'], {
      name: `place-${name}`,
    });
    await holder.waitFor(/up/);
    const place = { name, address, prefix: ['nsenter', '--target', String(holder.pid), '--net'] };
    ip(`link add ${port} type veth peer name eth0 netns ${holder.pid}`);
    ip(`link set ${port} master br0 up`);
    within(place, `addr add ${address}/24 dev eth0`);
    within(place, 'link set eth0 up');
    ports.set(name, port);
    places.push(place);
    return place;
  }

  const portOf = (place: Place): string => ports.get(place.name) ?? fail(`${place.name} has no port`);
  const others = (place: Place): string[] => [
    CLIENT_ADDRESS,
    ...places.filter(({ name }) => name !== place.name).map(({ address }) => address),
  ];

  return {
    addPlace,
    pullCable: (place) => ip(`link set ${portOf(place)} down`),
    plugCable: (place) => ip(`link set ${portOf(place)} up`),
    leaveSwitch: (place) => ip(`link set ${portOf(place)} nomaster`),
    joinSwitch: (place) => ip(`link set ${portOf(place)} master br0`),
    hide: (place, from) => lose(place.address, from),
    show: (place, from) => find(place.address, from),
    mute: (place) => others(place).forEach((address) => void lose(address, place)),
    unmute: (place) => others(place).forEach((address) => void find(address, place)),
  };
}

/** What `from` sends to the address goes to nobody. */
function lose(address: string, from: Place): void {
  within(from, `neigh replace ${address} lladdr ${NOBODY} dev eth0 nud permanent`);
}

function find(address: string, from: Place): void {
  within(from, `neigh del ${address} dev eth0`);
}

function ip(words: string): void {
  run('ip', words.split(' '));
}

function within(place: Place, words: string): void {
  const [command = '', ...rest] = place.prefix;
  run(command, [...rest, 'ip', ...words.split(' ')]);
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) fail(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

function fail(message: string): never {
  throw new Error(message);
}

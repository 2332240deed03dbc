// The address of a store in Redis, as operators write it. ioredis would take any of its own options from the query part, the
// safety-relevant ones among them, so the address is read here and everything unknown refused.
//
//   redis://[user:password@]host[:port][/database]                                one server
//   redis://…,redis://…,…                                                         several servers that know nothing of each other
//   redis+sentinel://[user:password@]host[:port],host[:port],…/NAME[/database]    whichever server these Sentinels call NAME's
//   redis+cluster://[user:password@]host[:port],host[:port],…                     whichever node of the cluster has our slot
//
// With `rediss` in place of `redis`, all of it goes over TLS. Names and passwords are percent-encoded.

export type Endpoint = { readonly host: string; readonly port: number };

export type RedisLogin = { readonly username?: string; readonly password?: string };

export type RedisAddress = {
  readonly kind: 'server';
  readonly endpoint: Endpoint;
  readonly login: RedisLogin;
  readonly database: number;
  readonly tls: boolean;
};

/** Several processes that know which server is the primary: its Sentinels, or the nodes of its cluster. */
export type GuidedAddress = {
  readonly kind: 'sentinel' | 'cluster';
  readonly guides: readonly Endpoint[];
  /** What the Sentinels call the primary and its replicas; empty for a cluster. */
  readonly name: string;
  /** At the servers themselves. */
  readonly login: RedisLogin;
  readonly database: number;
  readonly tls: boolean;
};

/** Independent servers: all keep health, and the first one the configuration as well. */
export type SeveralAddress = {
  readonly kind: 'several';
  readonly home: RedisAddress;
  readonly others: readonly RedisAddress[];
};

export type StoreAddress = RedisAddress | GuidedAddress | SeveralAddress;

export type StoreAddressReading<Value = StoreAddress> =
  | { readonly ok: true; readonly value: Value }
  /** Says nothing of what was written, which may hold a password. */
  | { readonly ok: false; readonly message: string };

/** Sentinels, or nodes of a cluster, that one address names. */
export const MAX_GUIDES = 16;
/** Independent servers that one address names. */
export const MAX_SERVERS = 8;

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26_379;
const MAX_PORT = 65_535;
const GUIDED = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^@/?#]*)(?:\/([^?#]*))?$/;
const DATABASE = /^\d{1,4}$/;
/** What Sentinel takes for a name. */
const NAME = /^[A-Za-z0-9._-]{1,255}$/;

export function parseStoreAddress(text: string): StoreAddressReading {
  const scheme = /^rediss?\+([a-z]*):/.exec(text);
  if (scheme !== null) return parseGuided(text);
  // A comma in a password is none of these, unless an address follows it.
  const texts = text.split(/,(?=rediss?:\/\/)/);
  return texts.length === 1 ? parseServer(text) : parseSeveral(texts);
}

/** For messages and logs: without credentials. */
export function formatStoreAddress(address: StoreAddress): string {
  if (address.kind === 'several') return [address.home, ...address.others].map(formatStoreAddress).join(',');
  const scheme = address.tls ? 'rediss' : 'redis';
  if (address.kind === 'server') return `${scheme}://${formatEndpoint(address.endpoint)}/${address.database}`;
  const guides = address.guides.map(formatEndpoint).join(',');
  if (address.kind === 'cluster') return `${scheme}+cluster://${guides}`;
  return `${scheme}+sentinel://${guides}/${address.name}/${address.database}`;
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseSeveral(texts: readonly string[]): StoreAddressReading {
  if (texts.length > MAX_SERVERS) return refuse(`the address names more than ${MAX_SERVERS} servers`);
  const servers: RedisAddress[] = [];
  for (const text of texts) {
    const parsed = parseServer(text);
    if (!parsed.ok) return parsed;
    servers.push(parsed.value);
  }
  if (new Set(servers.map(({ endpoint }) => formatEndpoint(endpoint))).size < servers.length)
    return refuse('the address names a server twice');
  const [home, ...others] = servers;
  return home === undefined
    ? refuse('the address names no server')
    : { ok: true, value: { kind: 'several', home, others } };
}

function parseServer(text: string): StoreAddressReading<RedisAddress> {
  const url = URL.parse(text);
  if (url === null) return refuse('the address of Redis is no URL');
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    return refuse(`${url.protocol}// is no address of Redis`);
  if (url.hostname === '' || url.hostname.includes(',')) {
    return refuse('the address of Redis names no host: of several servers each has its own redis://');
  }
  if (url.search !== '' || url.hash !== '') return refuse('the address of Redis takes no parameters');
  const database = url.pathname.slice(1) || '0';
  if (!DATABASE.test(database)) return refuse(`${url.pathname} is no database of Redis: a number is`);
  const login = readLogin(url.username, url.password);
  if (login === undefined) return refuse('the credentials in the address of Redis are not percent-encoded');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = { host, port: url.port === '' ? DEFAULT_PORT : Number(url.port) };
  return { ok: true, value: { kind: 'server', endpoint, login, database: Number(database), tls: isTls(url.protocol) } };
}

function parseGuided(text: string): StoreAddressReading {
  const match = GUIDED.exec(text);
  if (match === null) return refuse('the address of Redis is none of redis+sentinel:// and redis+cluster://');
  const [, scheme = '', kind, credentials = '', hosts = '', path = ''] = match;
  if (kind !== 'sentinel' && kind !== 'cluster')
    return refuse('the address of Redis names neither sentinel nor cluster');
  const guides = hosts.split(',').map((host) => readEndpoint(host, defaultPortOf(kind)));
  if (guides.length > MAX_GUIDES) return refuse(`the address of Redis names more than ${MAX_GUIDES} hosts`);
  if (!guides.every((guide) => guide !== undefined)) {
    return refuse('the address of Redis names a host that is not host:port');
  }
  const [username = '', ...rest] = credentials.split(':');
  const login = readLogin(username, rest.join(':'));
  if (login === undefined) return refuse('the credentials in the address of Redis are not percent-encoded');
  const shared = { guides, login, tls: isTls(scheme) };
  if (kind === 'cluster') {
    if (path !== '') return refuse('a cluster of Redis has no databases: nothing stands after its hosts');
    return { ok: true, value: { kind, ...shared, name: '', database: 0 } };
  }
  const [name = '', database = '0', ...more] = path.split('/');
  if (!NAME.test(name))
    return refuse('the address names no primary of Sentinel: write redis+sentinel://host:port,…/NAME');
  if (!DATABASE.test(database) || more.length > 0)
    return refuse('after the name of Sentinel stands a database: a number');
  return { ok: true, value: { kind, ...shared, name, database: Number(database) } };
}

function readEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  return host === undefined || port < 1 || port > MAX_PORT ? undefined : { host: host.toLowerCase(), port };
}

function readLogin(username: string, password: string): RedisLogin | undefined {
  try {
    return {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    };
  } catch {
    return undefined;
  }
}

function defaultPortOf(kind: GuidedAddress['kind']): number {
  return kind === 'sentinel' ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT;
}

function isTls(scheme: string): boolean {
  return scheme.startsWith('rediss');
}

function refuse(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

// Settings: how one process runs (listeners, store, paths, limits). What traffic should do is the configuration, and
// lives elsewhere. What people write is the schema in settings-document.ts; this is what the program works with: durations
// in milliseconds, addresses parsed, every default filled in.

import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { type Prefix, parsePrefix } from './address.ts';
import { type Anchor, parseAnchor } from './anchor.ts';
import { parseCookieSecret } from './cookie-secret.ts';
import { parseDuration } from './duration.ts';
import { formatListenAddress, type ListenAddress, parseListenAddress } from './listen-address.ts';
import type { Parsed, Problem } from './problem.ts';
import { fillDefaults, SettingsDocument } from './settings-document.ts';
import { parseWorkerAddress, type WorkerAddress } from './worker-address.ts';

export type Settings = {
  readonly dns: {
    /** UDP and TCP on each. */
    readonly listen: readonly ListenAddress[];
    readonly transport: 'auto' | 'batch' | 'dgram';
    /** Answer threads; 0: one less than there are processors, and not more than a few. */
    readonly threads: number;
    readonly tcp: {
      /** On each address, in each answer thread. */
      readonly maxConnections: number;
      /** Of those, from one IPv4 address or one IPv6 /56. */
      readonly maxConnectionsPerPrefix: number;
      readonly firstByteTimeoutMs: number;
      readonly idleTimeoutMs: number;
      /** A message that has begun must be complete within this time. */
      readonly messageTimeoutMs: number;
    };
    /** Empty: there are no keys. */
    readonly tsig: { readonly keyFile: string };
    /** DNS over TLS; its connections have the limits of TCP's. */
    readonly tls: {
      readonly listen: readonly ListenAddress[];
      /** Paths; not empty where there is anything to listen on. */
      readonly certificate: string;
      readonly key: string;
      readonly reloadIntervalMs: number;
      readonly handshakeTimeoutMs: number;
      /** On each address, in each answer thread. */
      readonly maxHandshakesPerSecond: number;
    };
    /** DNS over HTTPS, with the certificate of TLS and the limits of TCP. */
    readonly https: { readonly listen: readonly ListenAddress[]; readonly path: string };
    /** Who sends the PROXY protocol, version 2. */
    readonly proxyProtocol: { readonly from: readonly Prefix[] };
    /** Empty: not said. */
    readonly nsid: string;
    readonly chaos: { readonly id: string; readonly version: string };
    readonly cookies: {
      readonly enabled: boolean;
      /** 16 octets each, the one that makes cookies first. Never log them. */
      readonly secrets: readonly Uint8Array[];
      /** Empty: none. What it holds stands above `secrets`. */
      readonly secretFile: string;
      readonly required: 'never' | 'limited' | 'always';
    };
    readonly rateLimit: {
      /** 0: no limit. */
      readonly responsesPerSecond: number;
      readonly windowMs: number;
      readonly slip: number;
      readonly ipv4Prefix: number;
      readonly ipv6Prefix: number;
      readonly exempt: readonly Prefix[];
    };
  };
  readonly api: { readonly listen: ListenAddress };
  /** Where dns and probe roles serve /livez, /readyz and /metrics. */
  readonly telemetry: { readonly listen: ListenAddress };
  /** The URL may hold a password: never log it. */
  readonly store: { readonly driver: 'embedded' } | { readonly driver: 'redis'; readonly url: string };
  /** How to speak to a Redis that is the store. */
  readonly redis: {
    /** Paths of PEM files, and the name that the servers' certificate must have; each may be empty. */
    readonly tls: {
      readonly ca: string;
      readonly certificate: string;
      readonly key: string;
      readonly serverName: string;
    };
    /** Empty user and password: none. `tls`: as with the servers. Never log the password. */
    readonly sentinel: { readonly username: string; readonly password: string; readonly tls: boolean };
  };
  readonly stateDirectory: string;
  readonly geo: { readonly directory: string; readonly bundled: boolean; readonly reloadIntervalMs: number };
  readonly probe: {
    readonly vantage: string;
    /** Empty: the worker derives a name from the host and the process. */
    readonly worker: string;
    /** Prefixes that may be probed although they are private, loopback, link-local or otherwise special. */
    readonly allowNetworks: readonly string[];
    /** Directory of the client certificates that monitors name; empty: there are none. */
    readonly clientCertificates: string;
    /** PEM file of authorities that checks trust beside the public ones; empty: none. */
    readonly authorities: string;
    /** Empty: one of our own in the state directory. */
    readonly keyFile: string;
    /** What a worker should always reach. Empty: it does not ask itself whether it is cut off. */
    readonly anchors: readonly Anchor[];
    readonly concurrency: number;
    readonly heartbeatMs: number;
    /** Where nodes ask this worker itself for its slot; undefined: nowhere. Paths of PEM files. */
    readonly serve: SlotService | undefined;
  };
  /** Workers that are asked for their slots themselves, and the paths of PEM files to do so with. */
  readonly health: {
    readonly pull: {
      readonly workers: readonly WorkerAddress[];
      readonly ca: string;
      readonly certificate: string;
      readonly key: string;
    };
  };
  readonly dnssec: {
    /** Empty: with the embedded store one of our own in the state directory, otherwise none. */
    readonly secretFile: string;
    readonly askParent: boolean;
    /** Empty: those of the system. */
    readonly parentResolvers: readonly ListenAddress[];
    readonly parentIntervalMs: number;
  };
  readonly demo: { readonly enabled: boolean; readonly configuration: string };
  readonly log: { readonly level: LogLevel; readonly format: 'auto' | 'json' | 'pretty' };
};

export type SlotService = {
  readonly listen: ListenAddress;
  readonly certificate: string;
  readonly key: string;
  /** Whose certificates are let in. */
  readonly clientCa: string;
};

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * Reads a settings document (what YAML or JSON parsed to; `undefined` and `null` mean empty, as does a key without a
 * value). Keys that are left out have their defaults. Answers every problem found, each with its JSON pointer.
 */
export function parseSettings(document: unknown): Parsed<Settings> {
  const filled = fillDefaults(document);
  if (!filled.ok) return filled;
  if (!Value.Check(SettingsDocument, filled.value)) throw new Error('fillDefaults let through what the schema refuses');
  const settings = settingsOf(filled.value);
  const problems = [
    ...findSharedAddresses(settings),
    ...findMissingCertificate(settings),
    ...findHalfCertificate(settings),
    ...findMissingPullFiles(settings),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: settings };
}

/** Threads may share an address with each other: two kinds of listeners that did would have every other client each. */
function findSharedAddresses({ dns }: Settings): Problem[] {
  const problems: Problem[] = [];
  const ownerOf = new Map<string, string>();
  for (const [setting, pointer, addresses] of [
    ['dns.listen', '/dns/listen', dns.listen],
    ['dns.tls.listen', '/dns/tls/listen', dns.tls.listen],
    ['dns.https.listen', '/dns/https/listen', dns.https.listen],
  ] as const) {
    for (const [index, address] of addresses.entries()) {
      const text = formatListenAddress(address);
      const owner = address.port === 0 ? undefined : ownerOf.get(text);
      ownerOf.set(text, setting);
      if (owner === undefined || owner === setting) continue;
      problems.push({ path: `${pointer}/${index}`, message: `Expected an address that is not in ${owner} too.` });
    }
  }
  return problems;
}

function findMissingCertificate({ dns: { tls, https } }: Settings): Problem[] {
  if (tls.listen.length + https.listen.length === 0) return [];
  const needed = tls.listen.length > 0 ? 'dns.tls.listen' : 'dns.https.listen';
  return (['certificate', 'key'] as const).flatMap((key) =>
    tls[key] === ''
      ? [
          {
            path: `/dns/tls/${key}`,
            message: `${needed} is not empty, and dns.tls.${key} is: set it (AZIMUTH_DNS_TLS_${key.toUpperCase()}) to the path of the PEM file with the ${key === 'key' ? 'private key' : 'certificate and its chain'}, or leave ${needed} empty.`,
          },
        ]
      : [],
  );
}

/** A certificate is shown to Redis with its key, or none is. */
function findHalfCertificate({ redis: { tls } }: Settings): Problem[] {
  if ((tls.certificate === '') === (tls.key === '')) return [];
  const missing = tls.key === '' ? 'key' : 'certificate';
  const given = missing === 'key' ? 'certificate' : 'key';
  return [
    {
      path: `/redis/tls/${missing}`,
      message: `Expected a path in redis.tls.${missing} as well, since redis.tls.${given} has one.`,
    },
  ];
}

/** Slots are served and asked for with certificates on both sides, or not at all. */
function findMissingPullFiles({ probe: { serve }, health: { pull } }: Settings): Problem[] {
  const isEmpty = (files: Readonly<Record<string, unknown>>, names: readonly string[], path: string, needed: string) =>
    names.flatMap((name) =>
      files[name] === ''
        ? [
            {
              path: `/${path.replaceAll('.', '/')}/${name}`,
              message: `Expected the path of a PEM file in ${path}.${name}, since ${needed} is set.`,
            },
          ]
        : [],
    );
  return [
    ...(serve ? isEmpty(serve, ['certificate', 'key', 'clientCa'], 'probe.serve', 'probe.serve.listen') : []),
    ...(pull.workers.length > 0
      ? isEmpty(pull, ['ca', 'certificate', 'key'], 'health.pull', 'health.pull.workers')
      : []),
  ];
}

function workerAddress(text: string): WorkerAddress {
  const address = parseWorkerAddress(text);
  if (address === undefined) throw new Error(`the schema let through the worker '${text}'`);
  return address;
}

function settingsOf({ dns, api, telemetry, geo, probe, dnssec, ...rest }: Static<typeof SettingsDocument>): Settings {
  return {
    dns: {
      listen: dns.listen.map(boundAddress),
      transport: dns.transport,
      threads: dns.threads,
      tcp: {
        maxConnections: dns.tcp.maxConnections,
        maxConnectionsPerPrefix: dns.tcp.maxConnectionsPerPrefix,
        firstByteTimeoutMs: milliseconds(dns.tcp.firstByteTimeout),
        idleTimeoutMs: milliseconds(dns.tcp.idleTimeout),
        messageTimeoutMs: milliseconds(dns.tcp.messageTimeout),
      },
      tsig: dns.tsig,
      tls: {
        listen: dns.tls.listen.map(boundAddress),
        certificate: dns.tls.certificate,
        key: dns.tls.key,
        reloadIntervalMs: milliseconds(dns.tls.reloadInterval),
        handshakeTimeoutMs: milliseconds(dns.tls.handshakeTimeout),
        maxHandshakesPerSecond: dns.tls.maxHandshakesPerSecond,
      },
      https: { listen: dns.https.listen.map(boundAddress), path: dns.https.path },
      proxyProtocol: { from: dns.proxyProtocol.from.map(prefixOf) },
      nsid: dns.nsid,
      chaos: dns.chaos,
      cookies: { ...dns.cookies, secrets: dns.cookies.secrets.map(cookieSecret) },
      rateLimit: rateLimitOf(dns.rateLimit),
    },
    api: { listen: boundAddress(api.listen) },
    telemetry: { listen: boundAddress(telemetry.listen) },
    store: rest.store === 'embedded' ? { driver: 'embedded' } : { driver: 'redis', url: rest.store },
    redis: rest.redis,
    stateDirectory: rest.stateDirectory,
    geo: { directory: geo.directory, bundled: geo.bundled, reloadIntervalMs: milliseconds(geo.reloadInterval) },
    probe: {
      vantage: probe.vantage,
      worker: probe.worker,
      allowNetworks: probe.allowNetworks,
      clientCertificates: probe.clientCertificates,
      authorities: probe.authorities,
      keyFile: probe.keyFile,
      anchors: probe.anchors.map(anchorOf),
      concurrency: probe.concurrency,
      heartbeatMs: milliseconds(probe.heartbeat),
      serve: probe.serve.listen === '' ? undefined : { ...probe.serve, listen: boundAddress(probe.serve.listen) },
    },
    health: { pull: { ...rest.health.pull, workers: rest.health.pull.workers.map(workerAddress) } },
    dnssec: {
      secretFile: dnssec.secretFile,
      askParent: dnssec.askParent,
      parentResolvers: dnssec.parentResolvers.map(boundAddress),
      parentIntervalMs: milliseconds(dnssec.parentInterval),
    },
    demo: rest.demo,
    log: rest.log,
  };
}

function boundAddress(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address === undefined) throw new Error(`the schema let through the listen address '${text}'`);
  return address;
}

function rateLimitOf({ window, exempt, ...rest }: Static<typeof SettingsDocument>['dns']['rateLimit']) {
  return { ...rest, windowMs: milliseconds(window), exempt: exempt.map(prefixOf) };
}

function anchorOf(text: string): Anchor {
  const anchor = parseAnchor(text);
  if (anchor === undefined) throw new Error(`the schema let through the anchor '${text}'`);
  return anchor;
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`the schema let through the prefix '${text}'`);
  return prefix;
}

function cookieSecret(text: string): Uint8Array {
  const secret = parseCookieSecret(text);
  if (secret === undefined) throw new Error('the schema let through what is no cookie secret');
  return secret;
}

function milliseconds(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw new Error(`the schema let through the duration '${text}'`);
  return durationMs;
}

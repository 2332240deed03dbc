// Settings: how one process runs (listeners, store, paths, limits). What traffic should do is the configuration, and
// lives elsewhere. What people write is the schema in settings-document.ts; this is what the program works with: durations
// in milliseconds, addresses parsed, every default filled in.

import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { parseDuration } from './duration.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import type { Parsed } from './problem.ts';
import { fillDefaults, SettingsDocument } from './settings-document.ts';

export type Settings = {
  readonly dns: {
    /** UDP and TCP on each. */
    readonly listen: readonly ListenAddress[];
    readonly transport: 'auto' | 'batch' | 'dgram';
    /** Answer threads; 0: one less than there are processors, and not more than a few. */
    readonly threads: number;
    readonly tcp: {
      readonly maxConnections: number;
      readonly idleTimeoutMs: number;
      /** A message that has begun must be complete within this time. */
      readonly messageTimeoutMs: number;
    };
    /** Empty: there are no keys. */
    readonly tsig: { readonly keyFile: string };
  };
  readonly api: { readonly listen: ListenAddress };
  /** Where dns and probe roles serve /livez, /readyz and /metrics. */
  readonly telemetry: { readonly listen: ListenAddress };
  /** The URL may hold a password: never log it. */
  readonly store: { readonly driver: 'embedded' } | { readonly driver: 'redis'; readonly url: string };
  readonly stateDirectory: string;
  readonly geo: { readonly directory: string; readonly bundled: boolean; readonly reloadIntervalMs: number };
  readonly probe: {
    readonly vantage: string;
    /** Empty: the worker derives a name from the host and the process. */
    readonly worker: string;
    /** Prefixes that may be probed although they are private, loopback, link-local or otherwise special. */
    readonly allowNetworks: readonly string[];
    readonly concurrency: number;
    readonly heartbeatMs: number;
  };
  readonly dnssec: {
    /** Empty: with the embedded store one of our own in the state directory, otherwise none. */
    readonly secretFile: string;
    readonly askParent: boolean;
    /** Empty: those of the system. */
    readonly parentResolvers: readonly ListenAddress[];
    readonly parentIntervalMs: number;
  };
  readonly demo: { readonly enabled: boolean };
  readonly log: { readonly level: LogLevel; readonly format: 'auto' | 'json' | 'pretty' };
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
  return { ok: true, value: settingsOf(filled.value) };
}

function settingsOf({ dns, api, telemetry, geo, probe, dnssec, ...rest }: Static<typeof SettingsDocument>): Settings {
  return {
    dns: {
      listen: dns.listen.map(boundAddress),
      transport: dns.transport,
      threads: dns.threads,
      tcp: {
        maxConnections: dns.tcp.maxConnections,
        idleTimeoutMs: milliseconds(dns.tcp.idleTimeout),
        messageTimeoutMs: milliseconds(dns.tcp.messageTimeout),
      },
      tsig: dns.tsig,
    },
    api: { listen: boundAddress(api.listen) },
    telemetry: { listen: boundAddress(telemetry.listen) },
    store: rest.store === 'embedded' ? { driver: 'embedded' } : { driver: 'redis', url: rest.store },
    stateDirectory: rest.stateDirectory,
    geo: { directory: geo.directory, bundled: geo.bundled, reloadIntervalMs: milliseconds(geo.reloadInterval) },
    probe: {
      vantage: probe.vantage,
      worker: probe.worker,
      allowNetworks: probe.allowNetworks,
      concurrency: probe.concurrency,
      heartbeatMs: milliseconds(probe.heartbeat),
    },
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

function milliseconds(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw new Error(`the schema let through the duration '${text}'`);
  return durationMs;
}

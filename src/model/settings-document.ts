// The settings document as people write it: every key with its default and, in words, what it expects. Environment
// variables, flags, the commented settings file and the messages about faults are all derived from this one schema.
// The schema is walked here, key by key, because TypeBox stops collecting after a few errors and we report all of them.

import { type TArray, type TProperties, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parsePrefix } from './address.ts';
import { parseAnchor } from './anchor.ts';
import { parseCookieSecret } from './cookie-secret.ts';
import { parseDuration } from './duration.ts';
import { MAX_CHAOS_BYTES, MAX_COOKIE_SECRETS, MAX_NSID_BYTES } from './limits.ts';
import { parseListenAddress } from './listen-address.ts';
import { suggestNearest } from './nearest.ts';
import { joinPointer } from './pointer.ts';
import type { Parsed, Problem } from './problem.ts';
import { parseStoreAddress } from './store-address.ts';
import { parseWorkerAddress } from './worker-address.ts';

/** Longest text of any setting, in UTF-16 units. */
const MAX_TEXT_LENGTH = 4096;
/** How much of a refused value a message repeats. */
const MAX_SHOWN_LENGTH = 80;
/** Items of a list that are examined one by one for messages. */
const MAX_LISTED_ITEMS = 1024;

export const SettingsDocument = section({
  dns: section({
    listen: listOf('an address with a port, such as 127.0.0.1:5300 or [::1]:5300', 1, 64, isListenAddress, [
      '127.0.0.1:5300',
      '[::1]:5300',
    ]),
    transport: oneOf(['auto', 'batch', 'dgram'], 'auto'),
    threads: wholeNumber(0, 64, 0),
    tcp: section({
      maxConnections: wholeNumber(1, 1_000_000, 1024),
      maxConnectionsPerPrefix: wholeNumber(1, 1_000_000, 128),
      firstByteTimeout: duration('100ms', '1h', '3s'),
      idleTimeout: duration('100ms', '1h', '10s'),
      messageTimeout: duration('100ms', '10m', '5s'),
    }),
    tsig: section({ keyFile: text('empty, or the path of a file', (path) => path === '' || isPath(path), '') }),
    tls: section({
      listen: listOf(
        'an address with a port, such as 192.0.2.53:853 or [2001:db8::53]:853',
        0,
        64,
        isListenAddress,
        [],
      ),
      certificate: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      key: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      reloadInterval: duration('100ms', '1d', '5s'),
      handshakeTimeout: duration('100ms', '10m', '5s'),
      maxHandshakesPerSecond: wholeNumber(1, 1_000_000, 100),
    }),
    https: section({
      listen: listOf(
        'an address with a port, such as 192.0.2.53:443 or [2001:db8::53]:443',
        0,
        64,
        isListenAddress,
        [],
      ),
      path: text('a path such as /dns-query', isUrlPath, '/dns-query'),
    }),
    proxyProtocol: section({
      from: listOf('a prefix such as 192.0.2.10/32 or 2001:db8::/64', 0, 256, isPrefix, []),
    }),
    nsid: shortText(MAX_NSID_BYTES),
    chaos: section({ id: shortText(MAX_CHAOS_BYTES), version: shortText(MAX_CHAOS_BYTES) }),
    cookies: section({
      enabled: flag(true),
      secrets: secretList('32 hexadecimal digits, as `openssl rand -hex 16` makes them', MAX_COOKIE_SECRETS, isSecret),
      secretFile: text('empty, or the path of a file', isPathOrEmpty, ''),
      required: oneOf(['never', 'limited', 'always'], 'limited'),
    }),
    rateLimit: section({
      responsesPerSecond: wholeNumber(0, 100_000, 0),
      window: duration('1s', '1h', '15s'),
      slip: wholeNumber(0, 100, 2),
      ipv4Prefix: wholeNumber(8, 32, 24),
      ipv6Prefix: wholeNumber(16, 64, 56),
      exempt: listOf('a prefix such as 192.0.2.0/24 or 2001:db8::/32', 0, 64, isPrefix, []),
    }),
  }),
  api: section({ listen: listenAddress('127.0.0.1:8053') }),
  telemetry: section({ listen: listenAddress('127.0.0.1:9153') }),
  store: text(
    'embedded, or the address of a Redis: redis://host:6379, redis://a,redis://b,…, redis+sentinel://host:26379,…/NAME, redis+cluster://host:6379,…',
    isStore,
    'embedded',
  ),
  redis: section({
    tls: section({
      ca: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      certificate: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      key: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      serverName: text('empty, or the name in a certificate', () => true, ''),
    }),
    sentinel: section({
      username: text('empty, or the name of a user', () => true, ''),
      password: secretText('empty, or a password'),
      tls: flag(true),
    }),
  }),
  stateDirectory: text('the path of a directory', isPath, 'var'),
  geo: section({
    directory: text('the path of a directory', isPath, 'geo-data'),
    bundled: flag(true),
    reloadInterval: duration('1s', '1d', '5s'),
  }),
  probe: section({
    vantage: text('an id: lower-case letters, digits and hyphens, at most 63', isId, 'local'),
    worker: text(
      'empty, or an id: lower-case letters, digits and hyphens, at most 63',
      (id) => id === '' || isId(id),
      '',
    ),
    allowNetworks: listOf('a prefix such as 127.0.0.0/8 or fd00::/8', 0, 1024, isPrefix, []),
    clientCertificates: text('empty, or the path of a directory', isPathOrEmpty, ''),
    authorities: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
    keyFile: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
    anchors: listOf('tcp://ADDRESS:PORT or icmp://ADDRESS, such as tcp://192.0.2.1:443', 0, 16, isAnchor, []),
    concurrency: wholeNumber(1, 65_536, 1024),
    heartbeat: duration('100ms', '1m', '1s'),
    serve: section({
      listen: text('empty, or an address with a port, such as 192.0.2.10:8443', isListenAddressOrEmpty, ''),
      certificate: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      key: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      clientCa: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
    }),
  }),
  health: section({
    pull: section({
      workers: listOf('VANTAGE@https://host:port or VANTAGE/WORKER@https://host:port', 0, 256, isWorkerAddress, []),
      ca: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      certificate: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
      key: text('empty, or the path of a PEM file', isPathOrEmpty, ''),
    }),
  }),
  dnssec: section({
    secretFile: text('empty, or the path of a file', isPathOrEmpty, ''),
    askParent: flag(true),
    parentResolvers: listOf('an address with a port, such as 9.9.9.9:53', 0, 16, isListenAddress, []),
    parentInterval: duration('1s', '7d', '1h'),
  }),
  demo: section({
    enabled: flag(false),
    configuration: text('empty, or the path of a file', isPathOrEmpty, ''),
  }),
  log: section({
    level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
    format: oneOf(['auto', 'json', 'pretty'], 'auto'),
  }),
});

/** One key: where it stands (`['dns', 'tcp', 'idleTimeout']`), its default, and what it expects, in words. */
export type SettingKey = {
  readonly path: readonly string[];
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
  readonly initial: unknown;
  readonly expects: string;
};

/** Every key, in the order of the schema. */
export const SETTING_KEYS: readonly SettingKey[] = listKeys(SettingsDocument.properties, []);

/** Answers the document with every missing key set to its default, or every problem with its JSON pointer (RFC 6901). */
export function fillDefaults(document: unknown): Parsed<unknown> {
  const problems: Problem[] = [];
  const value = fillSection(SettingsDocument.properties, document, '', problems);
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
}

/** A section that is absent, or whose keys are all commented out (YAML: null), is one of defaults. */
function fillSection(properties: TProperties, value: unknown, path: string, problems: Problem[]): unknown {
  const written = value ?? {};
  if (!isRecord(written)) {
    problems.push({ path, message: `Expected a mapping with some of: ${Object.keys(properties).join(', ')}.` });
    return undefined;
  }
  for (const key of Object.keys(written)) {
    if (!Object.hasOwn(properties, key)) problems.push(unknownKey(properties, joinPointer(path, key), key));
  }
  const filled: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(properties)) {
    filled[key] = Type.IsObject(schema)
      ? fillSection(schema.properties, written[key], joinPointer(path, key), problems)
      : fillLeaf(schema, written[key], joinPointer(path, key), problems);
  }
  return filled;
}

function fillLeaf(schema: TSchema, value: unknown, path: string, problems: Problem[]): unknown {
  const filled = value ?? initialOf(schema);
  const faults = Type.IsArray(schema) && Array.isArray(filled) ? refuseItems(schema, filled, path) : [];
  if (faults.length === 0 && !Value.Check(schema, filled)) faults.push({ path, message: refuse(schema, filled) });
  problems.push(...faults);
  return filled;
}

function refuseItems(schema: TArray, items: readonly unknown[], path: string): Problem[] {
  return items.slice(0, MAX_LISTED_ITEMS).flatMap((item, index) => {
    if (Value.Check(schema.items, item)) return [];
    return [{ path: joinPointer(path, index), message: refuse(schema.items, item) }];
  });
}

function refuse(schema: TSchema, value: unknown): string {
  const found = Reflect.get(schema, 'isSecret') === true ? 'something else' : describe(value);
  return `Expected ${expectsOf(schema)}; found ${found}.`;
}

/** Shows what was written, unless it could hold a password: what stands before an @ is never repeated. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isRecord(value)) return 'a mapping';
  const shown = String(value).replace(/^.*@/s, '…@').slice(0, MAX_SHOWN_LENGTH);
  return typeof value === 'string' ? `'${shown}'` : shown;
}

function unknownKey(properties: TProperties, path: string, key: string): Problem {
  const known = Object.keys(properties);
  const suggestion = suggestNearest(key, known);
  return { path, message: `Unknown key '${key}'${suggestion || `; known here: ${known.join(', ')}.`}` };
}

function listKeys(properties: TProperties, above: readonly string[]): SettingKey[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = [...above, key];
    if (Type.IsObject(schema)) return listKeys(schema.properties, path);
    return [{ path, kind: kindOf(schema), initial: initialOf(schema), expects: expectsOf(schema) }];
  });
}

function kindOf(schema: TSchema): SettingKey['kind'] {
  if (Type.IsArray(schema)) return 'list';
  if (Type.IsInteger(schema)) return 'number';
  return Type.IsBoolean(schema) ? 'boolean' : 'text';
}

function initialOf(schema: TSchema): unknown {
  const initial: unknown = Reflect.get(schema, 'default');
  return initial;
}

function expectsOf(schema: TSchema): string {
  const expects: unknown = Reflect.get(schema, 'expects');
  return typeof expects === 'string' ? expects : 'another value';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function section<const Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

function text(expects: string, isValid: (value: string) => boolean, initial: string) {
  return Type.Refine(Type.String({ default: initial, expects, maxLength: MAX_TEXT_LENGTH }), isValid);
}

/** What is refused in it is not repeated. */
function secretText(expects: string) {
  return Type.String({ default: '', expects, maxLength: MAX_TEXT_LENGTH, isSecret: true });
}

/** What is sent as it is, where there is anything: so many bytes at most. */
function shortText(mostBytes: number) {
  const isShort = (value: string) => new TextEncoder().encode(value).length <= mostBytes;
  return text(`empty, or a text of at most ${mostBytes} bytes`, isShort, '');
}

function duration(least: string, most: string, initial: string) {
  const [leastMs, mostMs] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  const isValid = (value: string) => {
    const durationMs = parseDuration(value);
    return durationMs !== undefined && durationMs >= leastMs && durationMs <= mostMs;
  };
  return text(`a duration from ${least} to ${most}, such as ${initial}`, isValid, initial);
}

function listenAddress(initial: string) {
  return text(`an address with a port, such as ${initial} or [::1]:${initial.split(':')[1]}`, isListenAddress, initial);
}

function wholeNumber(minimum: number, maximum: number, initial: number) {
  return Type.Integer({ minimum, maximum, default: initial, expects: `a whole number from ${minimum} to ${maximum}` });
}

function flag(initial: boolean) {
  return Type.Boolean({ default: initial, expects: 'true or false' });
}

function oneOf<const Values extends string[]>(values: readonly [...Values], initial: Values[number]) {
  return Type.Enum(values, { default: initial, expects: `one of ${values.join(', ')}` });
}

function listOf(
  what: string,
  least: number,
  most: number,
  isValid: (item: string) => boolean,
  initial: readonly string[],
) {
  const item = Type.Refine(Type.String({ maxLength: MAX_TEXT_LENGTH, expects: what }), isValid);
  const expects = `a list of ${least} to ${most} items, none twice, each ${what}`;
  return Type.Array(item, { minItems: least, maxItems: most, uniqueItems: true, default: initial, expects });
}

/** What is refused in it is not repeated. */
function secretList(what: string, most: number, isValid: (item: string) => boolean) {
  const item = Type.Refine(Type.String({ maxLength: MAX_TEXT_LENGTH, expects: what, isSecret: true }), isValid);
  const expects = `a list of at most ${most} items, none twice, each ${what}`;
  return Type.Array(item, { maxItems: most, uniqueItems: true, default: [], expects });
}

function isListenAddress(value: string): boolean {
  return parseListenAddress(value) !== undefined;
}

function isListenAddressOrEmpty(value: string): boolean {
  return value === '' || isListenAddress(value);
}

function isWorkerAddress(value: string): boolean {
  return parseWorkerAddress(value) !== undefined;
}

function isPrefix(value: string): boolean {
  return parsePrefix(value) !== undefined;
}

function isStore(value: string): boolean {
  return value === 'embedded' || parseStoreAddress(value).ok;
}

function isPathOrEmpty(value: string): boolean {
  return value === '' || isPath(value);
}

/** As it stands in a request: nothing that would have to be encoded, and no query. */
function isUrlPath(value: string): boolean {
  return /^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/.test(value);
}

function isAnchor(value: string): boolean {
  return parseAnchor(value) !== undefined;
}

function isSecret(value: string): boolean {
  return parseCookieSecret(value) !== undefined;
}

function isPath(value: string): boolean {
  return value !== '' && !value.includes('\0');
}

function isId(value: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}

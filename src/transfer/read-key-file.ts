// Reads a file of TSIG keys as `tsig-keygen` and `named.conf` write them; several keys may stand in one file:
//
//   key "secondary-1" {
//           algorithm hmac-sha256;
//           secret "…base64…";
//   };
//
// Every fault is told with its line; what is told never repeats a secret. Comments are those of named.conf: # // and /* */.

import { formatName, lowerCaseName, parseNameText } from '../wire/name.ts';
import { isKeyName, TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey } from '../wire/tsig.ts';

export type KeyFileFault = { readonly line: number; readonly message: string };
export type KeyFile =
  | { readonly ok: true; readonly keys: readonly TsigKey[] }
  | { readonly ok: false; readonly faults: readonly KeyFileFault[] };

/** Characters of a file; beyond, it is no file of keys. */
export const MAX_KEY_FILE_LENGTH = 1024 * 1024;
const MAX_KEYS = 10_000;
const MAX_FAULTS = 100;
/** Octets: less is guessed, more says nothing to SHA-512 that its hash would not. */
const MIN_SECRET_BYTES = 16;
const MAX_SECRET_BYTES = 512;

type Word = { readonly text: string; readonly line: number };
type Draft = { name?: Uint8Array; algorithm?: TsigAlgorithm; secret?: Uint8Array };
type Reader = { readonly words: readonly Word[]; at: number; readonly faults: KeyFileFault[] };

export function readKeyFile(text: string): KeyFile {
  if (text.length > MAX_KEY_FILE_LENGTH) {
    return { ok: false, faults: [{ line: 1, message: `is longer than ${MAX_KEY_FILE_LENGTH} characters` }] };
  }
  const reader: Reader = { words: splitWords(text), at: 0, faults: [] };
  const keys = new Map<string, TsigKey>();
  while (reader.at < reader.words.length && reader.faults.length < MAX_FAULTS) {
    const { line } = reader.words[reader.at] ?? { line: 1 };
    const key = readKey(reader);
    if (key === undefined) continue;
    const name = formatName(key.name);
    if (keys.has(name)) tell(reader, line, `the key ${name} is there twice: keep one`);
    if (keys.size === MAX_KEYS) tell(reader, line, `there are more than ${MAX_KEYS} keys: keep fewer`);
    keys.set(name, key);
  }
  return reader.faults.length > 0 ? { ok: false, faults: reader.faults } : { ok: true, keys: [...keys.values()] };
}

/** Words, strings without their quotes, and the three signs, each with its line. */
function splitWords(text: string): Word[] {
  const words: Word[] = [];
  let line = 1;
  for (const [token] of text.matchAll(/\n|\/\*[\s\S]*?(?:\*\/|$)|(?:#|\/\/)[^\n]*|"[^"\n]*"?|[{};]|[^\s{};"#]+/g)) {
    const isComment = token.startsWith('#') || token.startsWith('//') || token.startsWith('/*');
    if (token !== '\n' && !isComment) words.push({ text: token, line });
    for (const character of token) if (character === '\n') line++;
  }
  return words;
}

/** One `key NAME { … };`. Behind a fault the reading goes on at the next statement, or the next key. */
function readKey(reader: Reader): TsigKey | undefined {
  const head = take(reader);
  if (head?.text !== 'key') {
    tell(reader, head?.line, 'expected: key "name" { algorithm hmac-sha256; secret "…"; };');
    skipTo(reader, 'key');
    return undefined;
  }
  const before = reader.faults.length;
  const draft: Draft = {};
  readName(reader, draft, take(reader));
  if (!expect(reader, '{')) {
    skipTo(reader, 'key');
    return undefined;
  }
  while (reader.at < reader.words.length && peek(reader) !== '}' && peek(reader) !== 'key')
    readStatement(reader, draft);
  if (!expect(reader, '}') || !expect(reader, ';')) return undefined;
  const { name, algorithm, secret } = draft;
  if (name !== undefined && algorithm !== undefined && secret !== undefined) return { name, algorithm, secret };
  if (reader.faults.length === before) {
    tell(reader, head.line, `the key lacks its ${algorithm === undefined ? 'algorithm' : 'secret'}`);
  }
  return undefined;
}

function readStatement(reader: Reader, draft: Draft): void {
  const word = take(reader);
  const value = take(reader);
  if (word?.text === 'algorithm') readAlgorithm(reader, draft, value);
  else if (word?.text === 'secret') readSecret(reader, draft, value);
  else tell(reader, word?.line, 'only algorithm and secret stand in a key');
  if (!expect(reader, ';')) skipTo(reader, ';', '}', 'key');
}

function readName(reader: Reader, draft: Draft, word: Word | undefined): void {
  const name = parseNameText(unquote(word));
  if (name instanceof Uint8Array && isKeyName(name)) draft.name = lowerCaseName(name);
  else tell(reader, word?.line, `a key has a name like that of a host, at most 128 octets long`);
}

function readAlgorithm(reader: Reader, draft: Draft, word: Word | undefined): void {
  const text = unquote(word).toLowerCase().replace(/\.$/, '');
  const known = TSIG_ALGORITHMS.find((algorithm) => algorithm === text);
  if (known !== undefined) draft.algorithm = known;
  else {
    const why = /md5|sha1/.test(text) ? 'its hash is broken (RFC 8945 section 6)' : 'it is not known here';
    tell(reader, word?.line, `the algorithm cannot be used, ${why}: use ${TSIG_ALGORITHMS.join(' or ')}`);
  }
}

function readSecret(reader: Reader, draft: Draft, word: Word | undefined): void {
  const secret = decodeBase64(unquote(word));
  if (secret === undefined) tell(reader, word?.line, 'the secret is no base64');
  else if (secret.length < MIN_SECRET_BYTES || secret.length > MAX_SECRET_BYTES) {
    const limits = `${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} octets`;
    tell(
      reader,
      word?.line,
      `the secret has ${secret.length} octets, and must have ${limits}: make one with tsig-keygen`,
    );
  } else draft.secret = secret;
}

/** Base64 with its padding (RFC 4648 section 4); undefined for anything else. */
function decodeBase64(text: string): Uint8Array | undefined {
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A string must end where its line does. */
function unquote(word: Word | undefined): string {
  const { text } = word ?? { text: '' };
  if (!text.startsWith('"')) return text;
  return text.length > 1 && text.endsWith('"') ? text.slice(1, -1) : '';
}

function peek({ words, at }: Reader): string | undefined {
  return words[at]?.text;
}

function take(reader: Reader): Word | undefined {
  return reader.words[reader.at++];
}

function expect(reader: Reader, sign: string): boolean {
  if (peek(reader) === sign) {
    reader.at++;
    return true;
  }
  tell(reader, (reader.words[reader.at] ?? reader.words[reader.at - 1])?.line, `expected: ${sign}`);
  return false;
}

function skipTo(reader: Reader, ...signs: readonly string[]): void {
  while (reader.at < reader.words.length && !signs.includes(peek(reader) ?? '')) reader.at++;
  if (peek(reader) === ';') reader.at++;
}

function tell(reader: Reader, line: number | undefined, message: string): void {
  reader.faults.push({ line: line ?? reader.words.at(-1)?.line ?? 1, message });
}

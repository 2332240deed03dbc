// Names in record data: never compressed, and the only fields that say where names are.

import { formatName, isSubdomain, nameLength, parseNameText } from '../../name.ts';
import { type Field, takeToken } from '../field.ts';
import { quote } from '../tokens.ts';

/** A name, never compressed. Relative names are completed with the origin; on the way out every name is absolute. */
export function domainName(name: string): Field {
  return {
    parse(reader, octets, origin) {
      const token = takeToken(reader);
      if (token === undefined) return `the ${name} is missing`;
      const parsed = parseNameText(token.text, origin);
      if (!(parsed instanceof Uint8Array)) return `the ${name}: ${parsed.problem}`;
      if (repeatsOrigin(token.text, parsed, origin)) {
        return `the ${name} ${quote(token.text)} has no final dot and so means ${formatName(parsed)}: write ${token.text}. instead`;
      }
      octets.push(...parsed);
      return undefined;
    },
    format(data, at) {
      const length = nameLength(data, at);
      if (length < 0) return undefined;
      const text = formatName(data, at);
      return { text: text === '.' ? text : `${text}.`, end: at + length };
    },
    names: (_data, at) => [at],
  };
}

/** The classic slip: `www.example.com` in zone example.com becomes www.example.com.example.com. */
function repeatsOrigin(text: string, parsed: Uint8Array, origin: Uint8Array): boolean {
  if (text.endsWith('.') || origin.length === 1) return false;
  const asAbsolute = parseNameText(text);
  return asAbsolute instanceof Uint8Array && asAbsolute.length < parsed.length && isSubdomain(asAbsolute, origin);
}

/** Names up to the end, perhaps none. */
export function domainNames(name: string): Field {
  const each = domainName(name);
  return {
    parse(reader, octets, origin) {
      while (reader.next < reader.tokens.length) {
        const problem = each.parse(reader, octets, origin);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    format(data, at) {
      const texts: (string | undefined)[] = [];
      while (at < data.length) {
        const formatted = each.format(data, at);
        if (formatted === undefined) return undefined;
        texts.push(formatted.text);
        at = formatted.end;
      }
      return { text: texts.join(' '), end: at };
    },
    names(data, at, end) {
      const offsets: number[] = [];
      for (let length = 0; at < end; at += length) {
        offsets.push(at);
        length = Math.max(1, nameLength(data, at));
      }
      return offsets;
    },
  };
}

// Reads a zone from a master file (RFC 1035 section 5, RFC 2308 section 4 for $TTL): into RRsets in wire form that know where
// they stand. All faults are found in one go, each with file, line and column; what a registrar or a resolver would later
// object to (glue, aliases beside other data) is found when the zone is built, and told with the same places.
//
//   $ORIGIN example.com.          names without a final dot are completed with it
//   $TTL 1h                       TTL of the records that state none; also in seconds
//   $INCLUDE hosts.zone sub       another file, read with its own origin
//   @   IN SOA ns1 hostmaster ( 1 30m 10m 1w 60 )
//   www 300 IN A 192.0.2.1        TTL and class in either order, both may be missing
//           A 192.0.2.2           a line that begins with a blank is about the name above

import { MAX_DATA_PER_RECORD, MAX_PROBLEMS, MAX_RECORD_TTL_SECONDS } from '../../model/limits.ts';
import { refusalOf } from '../../model/parse-record.ts';
import { canonicalKey, formatName, isSubdomain, lowerCaseName, parseNameText } from '../../wire/name.ts';
import { parseTtl } from '../../wire/record-data/parse-ttl.ts';
import { quote, readOctets } from '../../wire/record-data/tokens.ts';
import { keyOfRecordData, parseRecordTokens } from '../../wire/record-data.ts';
import {
  CLASS_IN,
  formatRecordType,
  isMetaType,
  parseRecordClass,
  parseRecordType,
  TYPE_SOA,
} from '../../wire/record-types.ts';
import { type Entry, type Place, type PlacedToken, scanEntries } from './scan-entries.ts';

/** Where something stands, in the file that was given or in one that it includes. */
export type FilePlace = Place & { readonly file: string };

export type MasterFileProblem = FilePlace & { readonly message: string };

/** Every record of one owner and type, in the order of the file. */
export type MasterSet = {
  /** Wire form, lower case. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Wire form, names uncompressed, and where each value stands. */
  readonly data: Uint8Array[];
  readonly places: FilePlace[];
};

export type MasterFile =
  | { readonly ok: true; readonly sets: readonly MasterSet[] }
  /** At least one problem, at most MAX_PROBLEMS, in the order of the file; and the records that could be read. */
  | { readonly ok: false; readonly problems: readonly MasterFileProblem[]; readonly sets: readonly MasterSet[] };

/** The text of an included file, or why there is none: the end of a sentence that begins with the file's name. */
export type Include = (
  name: string,
  from: string,
) => { readonly file: string; readonly text: string } | { readonly fault: string };

export type MasterFileSource = {
  /** As problems name it. */
  readonly file: string;
  readonly text: string;
  /** The zone's name in wire form: the first origin, and what every record must belong to. */
  readonly zone: Uint8Array;
  /** Absent: a file may not include others. */
  readonly include?: Include;
};

/** Files within one another. */
const MAX_INCLUDE_DEPTH = 8;

export function readMasterFile(source: MasterFileSource): MasterFile {
  const reader: Reader = {
    zone: lowerCaseName(source.zone),
    include: source.include,
    sets: new Map(),
    dataKeys: new Map(),
    problems: [],
    refusedTypes: new Set(),
  };
  const context: Context = {
    file: source.file,
    origin: source.zone,
    isOriginFaulty: false,
    owner: undefined,
    defaultTtlSeconds: undefined,
    lastTtlSeconds: undefined,
    depth: 0,
  };
  readFile(reader, context, source.text);
  const { problems, sets } = reader;
  return problems.length > 0
    ? { ok: false, problems: problems.slice(0, MAX_PROBLEMS), sets: [...sets.values()] }
    : { ok: true, sets: [...sets.values()] };
}

type Reader = {
  readonly zone: Uint8Array;
  readonly include: Include | undefined;
  /** By owner and type. */
  readonly sets: Map<string, MasterSet>;
  /** Of each set with several records: what its data is known by. */
  readonly dataKeys: Map<MasterSet, Set<string>>;
  readonly problems: MasterFileProblem[];
  /** Types of which one record has been refused: of a signed zone, thousands would be. */
  readonly refusedTypes: Set<number>;
};

/** What lines depend on: an included file has its own, and changes nothing in that of the file around it. */
type Context = {
  readonly file: string;
  origin: Uint8Array;
  /** The $ORIGIN above cannot be read: `origin` is the one before, and nobody knows which names are meant. */
  isOriginFaulty: boolean;
  /** Of the record above, as it was written; `FAULTY` where that is no name, so that what stands below is about none. */
  owner: Uint8Array | typeof FAULTY | undefined;
  /**
   * Of $TTL (RFC 2308 section 4); without one, the TTL of the record above counts (RFC 1035 section 5.1). `FAULTY` where it cannot be
   * read, or where one is missing: that is told once.
   */
  defaultTtlSeconds: number | typeof FAULTY | undefined;
  lastTtlSeconds: number | typeof FAULTY | undefined;
  readonly depth: number;
};

/** What stands in for a name or a TTL that cannot be read, so that one fault is one problem: it makes no others in the lines below. */
const FAULTY = 'faulty';

function readFile(reader: Reader, context: Context, text: string): void {
  const report = ({ line, column, message }: Place & { readonly message: string }) =>
    reader.problems.push({ file: context.file, line, column, message });
  const refuse: Refuse = ({ line, column }, message) => {
    report({ line, column, message });
  };
  for (const entry of scanEntries(text, report)) {
    if (reader.problems.length >= MAX_PROBLEMS) return;
    const [first] = entry.tokens;
    const isControl = !entry.isIndented && first?.isQuoted === false && first.text.startsWith('$');
    if (entry.isFaulty) passOver(context, entry, isControl);
    else if (isControl) readControl(reader, context, entry, refuse);
    else readRecord(reader, context, entry, refuse);
  }
}

/** An entry that cannot be read still says what those below depend on, or that it is not known. */
function passOver(context: Context, { tokens, isIndented }: Entry, isControl: boolean): void {
  const [first] = tokens;
  const name = isControl ? first?.text.toUpperCase() : undefined;
  if (name === '$ORIGIN') context.isOriginFaulty = true;
  else if (name === '$TTL') context.defaultTtlSeconds = FAULTY;
  if (isControl) return;
  if (!isIndented) context.owner = (first && readName(context, first, () => undefined)) ?? FAULTY;
  context.lastTtlSeconds ??= FAULTY;
}

/** Reports a fault; always undefined, so that a caller can end with it. */
type Refuse = (place: Place, message: string) => undefined;

/** Where something that is missing should stand: behind the last word. */
function placeBehind({ tokens, line, column }: Entry): Place {
  const last = tokens.at(-1);
  return last === undefined ? { line, column } : { line: last.line, column: last.column + last.text.length };
}

// ---- control entries ----

function readControl(reader: Reader, context: Context, entry: Entry, refuse: Refuse): void {
  const [control, ...words] = entry.tokens;
  if (control === undefined) return;
  const name = control.text.toUpperCase();
  const most = name === '$INCLUDE' ? 2 : 1;
  const [word, second] = words;
  if (name !== '$ORIGIN' && name !== '$TTL' && name !== '$INCLUDE') {
    const advice =
      name === '$GENERATE'
        ? 'it is an extension of BIND: write out the records that it stands for'
        : 'write $ORIGIN, $TTL or $INCLUDE; a name that begins with $ is written \\$';
    return refuse(control, `${quote(control.text)} is no control entry of a master file: ${advice}.`);
  }
  const excess = words[most];
  if (word === undefined || excess !== undefined) passOver(context, entry, true);
  if (word === undefined)
    return refuse(placeBehind(entry), `${name} needs a word behind it: ${CONTROL_EXAMPLES[name]}.`);
  if (excess !== undefined) return refuse(excess, `${quote(excess.text)} is too much: ${CONTROL_EXAMPLES[name]}.`);
  if (name === '$TTL') {
    context.defaultTtlSeconds = readTtl(word, refuse) ?? FAULTY;
  } else if (name === '$ORIGIN') {
    const origin = readName(context, word, refuse);
    // A relative one says no more than the one before.
    context.isOriginFaulty = origin === undefined || (context.isOriginFaulty && !word.text.endsWith('.'));
    context.origin = origin ?? context.origin;
  } else readInclude(reader, context, word, second, refuse);
}

const CONTROL_EXAMPLES = {
  $ORIGIN: 'write it like $ORIGIN example.com.',
  $TTL: 'write it like $TTL 3600 or $TTL 1h',
  $INCLUDE: 'write it like $INCLUDE hosts.zone, or with an origin behind the file',
} as const;

/** RFC 1035 section 5.1: the origin of the file around it is what it was, whatever the included file does. */
function readInclude(
  reader: Reader,
  context: Context,
  file: PlacedToken,
  originToken: PlacedToken | undefined,
  refuse: Refuse,
): undefined {
  const origin = originToken === undefined ? context.origin : readName(context, originToken, refuse);
  if (origin === undefined) return undefined;
  if (reader.include === undefined)
    return refuse(file, 'nothing can be included here: write its records in place of this line.');
  if (context.depth >= MAX_INCLUDE_DEPTH) {
    return refuse(file, `files include one another more than ${MAX_INCLUDE_DEPTH} deep: does one include itself?`);
  }
  const octets = readOctets(file);
  if ('problem' in octets) return refuse(file, `${octets.problem}.`);
  const included = reader.include(new TextDecoder().decode(Uint8Array.from(octets)), context.file);
  if ('fault' in included) return refuse(file, `${quote(file.text)} ${included.fault}.`);
  const isOriginFaulty = context.isOriginFaulty && originToken?.text.endsWith('.') !== true;
  readFile(
    reader,
    { ...context, file: included.file, origin, isOriginFaulty, depth: context.depth + 1 },
    included.text,
  );
  return undefined;
}

// ---- records ----

function readRecord(reader: Reader, context: Context, entry: Entry, refuse: Refuse): undefined {
  const { tokens, isIndented } = entry;
  if (!isIndented) {
    const [first] = tokens;
    if (first === undefined) return undefined;
    context.owner = readName(context, first, refuse) ?? FAULTY;
  }
  const { owner } = context;
  if (owner === undefined) {
    return refuse(
      entry,
      'there is no name above that this line could be about: begin it with a name, or @ for the zone.',
    );
  }
  const { defaultTtlSeconds, lastTtlSeconds } = context;
  context.lastTtlSeconds ??= FAULTY;
  const head = readHead(entry, isIndented ? 0 : 1, refuse);
  if (head === undefined) return undefined;
  if (head.ttlSeconds !== undefined) context.lastTtlSeconds = head.ttlSeconds;
  const { type, typeToken, dataStart } = head;
  // Whose record it is is not known, or where its names lie: nothing is said but of its data.
  const isAdrift = owner === FAULTY || context.isOriginFaulty;
  if (!isAdrift && !isSubdomain(owner, reader.zone)) {
    return refuse(
      entry,
      `${formatName(owner)} is outside the zone ${formatName(reader.zone)}: remove the record, or correct the name or $ORIGIN.`,
    );
  }
  if (refuseType(reader, type, typeToken, refuse)) return undefined;
  const words = tokens.slice(dataStart);
  const parsed = parseRecordTokens(type, words, context.origin);
  if (!parsed.ok) return refuse(words[parsed.token ?? 0] ?? placeBehind(entry), `${parsed.problem}.`);
  const ttlSeconds = head.ttlSeconds ?? defaultTtlSeconds ?? lastTtlSeconds ?? readSoaMinimum(type, parsed.bytes);
  context.lastTtlSeconds = ttlSeconds;
  if (isAdrift || ttlSeconds === FAULTY) return undefined;
  if (ttlSeconds === undefined) {
    context.defaultTtlSeconds = FAULTY;
    return refuse(
      typeToken,
      'the record has no TTL: put $TTL at the top of the file, such as $TTL 3600, or a number before the type.',
    );
  }
  addRecord(
    reader,
    { owner: lowerCaseName(owner), type, ttlSeconds },
    parsed.bytes,
    { ...place(entry), file: context.file },
    refuse,
  );
  return undefined;
}

type Head = {
  readonly ttlSeconds: number | undefined;
  readonly type: number;
  readonly typeToken: PlacedToken;
  /** Index of the first word of the data. */
  readonly dataStart: number;
};

/** TTL and class in either order, then the type. */
function readHead(entry: Entry, start: number, refuse: Refuse): Head | undefined {
  const { tokens } = entry;
  let ttlSeconds: number | undefined;
  let hasClass = false;
  for (let index = start; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    const { text } = token;
    const recordClass = parseRecordClass(text);
    if (ttlSeconds === undefined && /^\d/.test(text)) {
      ttlSeconds = readTtl(token, refuse);
      if (ttlSeconds === undefined) return undefined;
    } else if (!hasClass && recordClass !== undefined && parseRecordType(text) === undefined) {
      hasClass = true;
      if (recordClass !== CLASS_IN)
        return refuse(token, `the class ${text} is not served: write IN, or leave the class out.`);
    } else {
      const type = token.isQuoted ? undefined : parseRecordType(text);
      if (type !== undefined) return { ttlSeconds, type, typeToken: token, dataStart: index + 1 };
      const advice = index === 1 && start === 1 ? '; a line about the name above begins with a blank' : '';
      return refuse(
        token,
        `${quote(text)} is no record type: write a name such as A or TXT, or TYPE and its number${advice}.`,
      );
    }
  }
  return refuse(placeBehind(entry), 'the record has no type and no data: write it like www 3600 IN A 192.0.2.1.');
}

/** Of each type that cannot stand in a file one record is reported: a signed zone has thousands. */
function refuseType(reader: Reader, type: number, token: PlacedToken, refuse: Refuse): boolean {
  const text = formatRecordType(type);
  const reason =
    type === TYPE_SOA ? undefined : (refusalOf(text) ?? (isMetaType(type) ? 'it exists in messages only' : undefined));
  if (reason === undefined) return false;
  if (!reader.refusedTypes.has(type)) refuse(token, `${text} records cannot stand here: ${reason}.`);
  reader.refusedTypes.add(type);
  return true;
}

function addRecord(
  { sets, dataKeys }: Reader,
  { owner, type, ttlSeconds }: Pick<MasterSet, 'owner' | 'type' | 'ttlSeconds'>,
  data: Uint8Array,
  at: FilePlace,
  refuse: Refuse,
): void {
  const key = `${type} ${canonicalKey(owner)}`;
  const set = sets.get(key);
  if (set === undefined) {
    sets.set(key, { owner, type, ttlSeconds, data: [data], places: [at] });
    return;
  }
  const [first] = set.places;
  const above = first === undefined ? 'above' : `in ${first.file}:${first.line}`;
  if (type === TYPE_SOA) {
    refuse(at, `a second SOA (the first is ${above}): a zone has one.`);
  } else if (set.ttlSeconds !== ttlSeconds) {
    const message = `has the TTL ${set.ttlSeconds} ${above} and ${ttlSeconds} here: one name and type has one TTL (RFC 2181 section 5.2)`;
    refuse(at, `${formatName(owner)} ${formatRecordType(type)} ${message}.`);
  } else {
    // RFC 2181 section 5: the same record twice is one.
    const known = dataKeys.get(set) ?? new Set(set.data.map((other) => keyOfRecordData(type, other)));
    dataKeys.set(set, known);
    const dataKey = keyOfRecordData(type, data);
    if (known.has(dataKey)) return;
    known.add(dataKey);
    if (set.data.length === MAX_DATA_PER_RECORD) {
      const message = `has more than ${MAX_DATA_PER_RECORD} records: no answer should be that long`;
      refuse(at, `${formatName(owner)} ${formatRecordType(type)} ${message}.`);
      return;
    }
    set.data.push(data);
    set.places.push(at);
  }
}

/** The last number of an SOA: what stands in for its own TTL where the file states none, as servers have always read it. */
function readSoaMinimum(type: number, data: Uint8Array): number | undefined {
  return type === TYPE_SOA ? new DataView(data.buffer, data.byteOffset).getUint32(data.length - 4) : undefined;
}

// ---- words ----

function readName({ origin }: Context, token: PlacedToken, refuse: Refuse): Uint8Array | undefined {
  if (token.isQuoted)
    return refuse(token, `the name ${quote(token.text)} may not be in double quotes: write it without them.`);
  const name = parseNameText(token.text, origin);
  return name instanceof Uint8Array ? name : refuse(token, `${name.problem}.`);
}

function readTtl(token: PlacedToken, refuse: Refuse): number | undefined {
  const seconds = parseTtl(token.text);
  if (seconds === undefined || token.isQuoted) {
    return refuse(
      token,
      `${quote(token.text)} is no TTL: write whole seconds, or weeks, days, hours and minutes as in 1w2d3h4m.`,
    );
  }
  if (seconds > MAX_RECORD_TTL_SECONDS) {
    return refuse(
      token,
      `the TTL ${quote(token.text)} is above ${MAX_RECORD_TTL_SECONDS} seconds, a week: resolvers keep nothing longer.`,
    );
  }
  return seconds;
}

function place({ line, column }: Place): Place {
  return { line, column };
}

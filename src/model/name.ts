// DNS names in the configuration: how relative ones become full, and which are names at all. Full names are kept lower
// case and without the last dot. Limits: RFC 1035 section 2.3.4; hosts: RFC 1123 section 2.1, with underscores. An owner may
// hold any octet (RFC 2181 section 11), written as in a master file: `\.` for a dot within a label, `\DDD` for what cannot be
// typed; it is kept in one of its spellings, so that equal names are equal text.
//
// An owner such as `www` is relative to its zone; `@` is the zone; one that ends in a dot or in the zone's own name is full.
// A host such as `ns1.example.net` is full; one without any dot (`ns1`) is relative to the zone.

export type ParsedName =
  | { readonly ok: true; readonly name: string }
  /** The end of a sentence that begins with the name: `has a label longer than 63 characters`. */
  | { readonly ok: false; readonly fault: string };

/** 255 octets on the wire: every label brings its length, and the root one more. */
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
/** Printable characters but for those that mean something in a master file: " $ ( ) . ; @ and the backslash. */
const OWNER_LABEL = /^[a-z0-9!#%&'*+,\-/:<=>?[\]^_`{|}~]+$/;
/** Labels as nearly all are, of a length that they may have, without a last dot. */
const PLAIN_OWNER = /^(?:[A-Za-z0-9_/-]{1,63}\.)*[A-Za-z0-9_/-]{1,63}$/;
const HOST_LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const MAILBOX_LABEL = /^[a-z0-9_+-]+(?:\\\.[a-z0-9_+-]+)*$/;

/** A full name of a zone or record. */
export function parseOwner(text: string): ParsedName {
  // As nearly all are written; a zone may have a million of them.
  if (text.length <= MAX_NAME_LENGTH && PLAIN_OWNER.test(text)) return { ok: true, name: text.toLowerCase() };
  return text.includes('\\')
    ? parseEscapedOwner(text)
    : parseLabels(text, (label) => OWNER_LABEL.test(label), OWNER_ADVICE);
}

/** A full name of a host: letters, digits, hyphens inside, underscores. */
export function parseHost(text: string): ParsedName {
  return parseLabels(text, (label) => HOST_LABEL.test(label), HOST_ADVICE);
}

/** An owner as written in a zone: see above for what is relative. */
export function parseOwnerInZone(text: string, zone: string): ParsedName {
  if (text === '@') return { ok: true, name: zone };
  const isFull = endsInDot(text) || isWithin(text.toLowerCase(), zone);
  return parseOwner(isFull ? text : `${text}.${zone}`);
}

/** A host as written in a zone: see above for what is relative. */
export function parseHostInZone(text: string, zone: string): ParsedName {
  if (text === '@') return { ok: true, name: zone };
  return parseHost(text.includes('.') ? text : `${text}.${zone}`);
}

/**
 * An SOA's mailbox, `a@b` or `a.b`: dots before the `@` are escaped, as a master file writes them (RFC 1035 section 8). Without
 * an `@` it is any name: that of a zone, in which it may lie, need not be one of hosts (RFC 2317).
 */
export function parseMailbox(text: string, zone: string): ParsedName {
  const [local = '', domain, ...more] = text.split(/(?<!\\)@/);
  if (more.length > 0) return { ok: false, fault: 'has more than one @' };
  const mailbox = domain === undefined ? text : `${local.replaceAll('.', '\\.')}.${domain}`;
  const full = mailbox.includes('.') ? mailbox : `${mailbox}.${zone}`;
  if (domain === undefined) {
    const name = parseOwner(full);
    return name.ok || name.fault !== OWNER_ADVICE ? name : { ok: false, fault: MAILBOX_ADVICE };
  }
  const isLabel = (label: string, index: number) => (index === 0 ? MAILBOX_LABEL : HOST_LABEL).test(label);
  return parseLabels(full, isLabel, MAILBOX_ADVICE);
}

/** Whether `name` is `zone` or lies below it. Both full and lower case. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || (name.endsWith(`.${zone}`) && endsInDot(name.slice(0, -zone.length)));
}

/** Whether the text ends in a dot that is no part of a label. */
export function endsInDot(text: string): boolean {
  if (!text.endsWith('.')) return false;
  const before = /\\*$/.exec(text.slice(0, -1))?.[0] ?? '';
  return before.length % 2 === 0;
}

/** The name itself, then every name above it, up to its last label. */
export function listAncestors(name: string): readonly string[] {
  const labels = splitLabels(name);
  return labels.map((_, index) => labels.slice(index).join('.'));
}

/** The labels as they are written, between dots that are not escaped. */
function splitLabels(name: string): readonly string[] {
  return name.includes('\\') ? (name.match(/(?:\\.|[^.\\])+/gs) ?? []) : name.split('.');
}

const OWNER_ADVICE =
  'holds what must be written otherwise: other scripts in their xn-- form, blanks and the characters " $ ( ) ; @ with a backslash before each';
const HOST_ADVICE =
  'is no host name: only letters, digits, underscores and inner hyphens between its dots; write other scripts in their xn-- form';
const MAILBOX_ADVICE = 'is no mailbox: write it as hostmaster@example.com';

/** An owner with escapes, in its one spelling: the shortest, and in lower case. */
function parseEscapedOwner(text: string): ParsedName {
  const labels: string[] = [];
  let octets = 1;
  for (const written of splitLabels(endsInDot(text) ? text.slice(0, -1) : text)) {
    const read = readLabel(written);
    if (read === undefined) return { ok: false, fault: OWNER_ADVICE };
    if (read.length > MAX_LABEL_LENGTH) return LONG_LABEL;
    octets += 1 + read.length;
    labels.push(read.map(formatOctet).join(''));
  }
  if (octets > MAX_NAME_LENGTH + 2) return LONG_NAME;
  // What the labels leave out is a dot too many.
  const isWhole = labels.length > 0 && splitLabels(text).join('.').length === text.length - (endsInDot(text) ? 1 : 0);
  return isWhole ? { ok: true, name: labels.join('.') } : EMPTY_LABEL;
}

/** The octets of a label with escapes, in lower case. */
function readLabel(label: string): readonly number[] | undefined {
  const octets: number[] = [];
  for (const [part] of label.matchAll(/\\\d{3}|\\[^\d]|[^\\]|\\/gs)) {
    const octet = part.length === 4 ? Number(part.slice(1)) : part.charCodeAt(part.length - 1);
    const isPlain = part.length === 1 && OWNER_LABEL.test(part.toLowerCase());
    const isEscape = part.length === 4 ? octet <= 255 : part.length === 2 && octet >= 0x20 && octet < 0x7f;
    if (!isPlain && !isEscape) return undefined;
    octets.push(octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet);
  }
  return octets;
}

/** As names in wire form are written (wire/name.ts; a test compares the two). */
function formatOctet(octet: number): string {
  const character = String.fromCharCode(octet);
  if (octet <= 0x20 || octet >= 0x7f) return `\\${octet.toString().padStart(3, '0')}`;
  return OWNER_LABEL.test(character) ? character : `\\${character}`;
}

const LONG_NAME = {
  ok: false,
  fault: `is longer than ${MAX_NAME_LENGTH} characters (RFC 1035 section 2.3.4)`,
} as const;
const LONG_LABEL = {
  ok: false,
  fault: `has a label longer than ${MAX_LABEL_LENGTH} characters (RFC 1035 section 2.3.4)`,
} as const;
const EMPTY_LABEL = {
  ok: false,
  fault: 'has an empty label: two dots stand side by side, or one stands first',
} as const;

function parseLabels(text: string, isLabel: (label: string, index: number) => boolean, advice: string): ParsedName {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name === '') return { ok: false, fault: text === '.' ? 'is the root, which cannot stand here' : 'is empty' };
  const isEscaped = name.includes('\\');
  const escapes = isEscaped ? name.split('\\').length - 1 : 0;
  if (name.length - escapes > MAX_NAME_LENGTH) return LONG_NAME;
  const labels = isEscaped ? name.split(/(?<!\\)\./) : name.split('.');
  if (labels.includes('')) return EMPTY_LABEL;
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH && label.replaceAll('\\', '').length > MAX_LABEL_LENGTH)) {
    return LONG_LABEL;
  }
  return labels.every(isLabel) ? { ok: true, name } : { ok: false, fault: advice };
}

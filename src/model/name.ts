// DNS names in the configuration: how relative ones become full, and which are names at all. Full names are kept lower
// case and without the last dot. Limits: RFC 1035 section 2.3.4; hosts: RFC 1123 section 2.1, with underscores.
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
const OWNER_LABEL = /^[a-z0-9_/-]+$/;
/** Labels that are OWNER_LABEL in either case and of a length that they may have, without a last dot. */
const PLAIN_OWNER = /^(?:[A-Za-z0-9_/-]{1,63}\.)*[A-Za-z0-9_/-]{1,63}$/;
const HOST_LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const MAILBOX_LABEL = /^[a-z0-9_+-]+(?:\\\.[a-z0-9_+-]+)*$/;

/** A full name of a zone or record; the leftmost label may be `*`. */
export function parseOwner(text: string): ParsedName {
  // As nearly all are written; a zone may have a million of them.
  if (text.length <= MAX_NAME_LENGTH && PLAIN_OWNER.test(text)) return { ok: true, name: text.toLowerCase() };
  return parseLabels(text, (label, index) => OWNER_LABEL.test(label) || (label === '*' && index === 0), OWNER_ADVICE);
}

/** A full name of a host: letters, digits, hyphens inside, underscores. */
export function parseHost(text: string): ParsedName {
  return parseLabels(text, (label) => HOST_LABEL.test(label), HOST_ADVICE);
}

/** An owner as written in a zone: see above for what is relative. */
export function parseOwnerInZone(text: string, zone: string): ParsedName {
  if (text === '@') return { ok: true, name: zone };
  const isFull = text.endsWith('.') || isWithin(text.toLowerCase(), zone);
  return parseOwner(isFull ? text : `${text}.${zone}`);
}

/** A host as written in a zone: see above for what is relative. */
export function parseHostInZone(text: string, zone: string): ParsedName {
  if (text === '@') return { ok: true, name: zone };
  return parseHost(text.includes('.') ? text : `${text}.${zone}`);
}

/** An SOA's mailbox, `a@b` or `a.b`: dots before the `@` are escaped, as a master file writes them (RFC 1035 section 8). */
export function parseMailbox(text: string, zone: string): ParsedName {
  const at = text.indexOf('@');
  if (at >= 0 && text.indexOf('@', at + 1) >= 0) return { ok: false, fault: 'has more than one @' };
  const mailbox = at < 0 ? text : `${text.slice(0, at).replaceAll('.', '\\.')}.${text.slice(at + 1)}`;
  const full = mailbox.includes('.') ? mailbox : `${mailbox}.${zone}`;
  const isLabel = (label: string, index: number) => (index === 0 ? MAILBOX_LABEL : HOST_LABEL).test(label);
  return parseLabels(full, isLabel, 'is no mailbox: write it as hostmaster@example.com');
}

/** Whether `name` is `zone` or lies below it. Both full and lower case. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The name itself, then every name above it, up to its last label. */
export function listAncestors(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

const OWNER_ADVICE =
  'may hold only letters, digits, hyphens and underscores between its dots (* alone first); write other scripts in their xn-- form';
const HOST_ADVICE =
  'is no host name: only letters, digits, underscores and inner hyphens between its dots; write other scripts in their xn-- form';

function parseLabels(text: string, isLabel: (label: string, index: number) => boolean, advice: string): ParsedName {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name === '') return { ok: false, fault: 'is empty' };
  const isEscaped = name.includes('\\');
  const escapes = isEscaped ? name.split('\\').length - 1 : 0;
  if (name.length - escapes > MAX_NAME_LENGTH) {
    return { ok: false, fault: `is longer than ${MAX_NAME_LENGTH} characters (RFC 1035 section 2.3.4)` };
  }
  const labels = isEscaped ? name.split(/(?<!\\)\./) : name.split('.');
  if (labels.includes(''))
    return { ok: false, fault: 'has an empty label: two dots stand side by side, or one stands first' };
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH && label.replaceAll('\\', '').length > MAX_LABEL_LENGTH)) {
    return { ok: false, fault: `has a label longer than ${MAX_LABEL_LENGTH} characters (RFC 1035 section 2.3.4)` };
  }
  return labels.every(isLabel) ? { ok: true, name } : { ok: false, fault: advice };
}

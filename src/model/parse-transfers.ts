// Who may copy a zone, and who is told: document to model.

import { formatAddress, formatPrefix, maskPrefix, parseAddress, parsePrefix } from './address.ts';
import { parseOwner } from './name.ts';
import { parseName } from './parse-record.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import type { NotifyTarget, TransferRule, Transfers, TransfersDocument } from './transfers.ts';

const DNS_PORT = 53;

export function parseTransfers(document: TransfersDocument, path: string, report: Report): Transfers {
  const allow = (document.allow ?? []).flatMap((rule, index) => {
    const at = joinPointer(joinPointer(path, 'allow'), index);
    return parseRule(rule, at, report) ?? [];
  });
  const notify = (document.notify ?? []).flatMap((target, index) => {
    const at = joinPointer(joinPointer(path, 'notify'), index);
    return parseTarget(target, at, report) ?? [];
  });
  return { allow, notify };
}

type RuleDocument = NonNullable<TransfersDocument['allow']>[number];
type TargetDocument = NonNullable<TransfersDocument['notify']>[number];

function parseRule(document: RuleDocument, path: string, report: Report): TransferRule | undefined {
  if (typeof document === 'string') return parsePlace(document, path, report);
  const { key, prefix } = document;
  if (key === undefined && prefix === undefined) {
    report(path, 'a rule without key and prefix would let everybody copy the zone: give one, or both.');
    return undefined;
  }
  const named = key === undefined ? {} : parseKey(key, joinPointer(path, 'key'), report);
  const placed = prefix === undefined ? {} : parsePlace(prefix, joinPointer(path, 'prefix'), report);
  return named === undefined || placed === undefined ? undefined : { ...named, ...placed };
}

function parsePlace(text: string, path: string, report: Report): { readonly prefix: string } | undefined {
  const address = parseAddress(text);
  const prefix = parsePrefix(address === undefined ? text : `${text}/${address.family === 4 ? 32 : 128}`);
  if (prefix !== undefined) return { prefix: formatPrefix(maskPrefix(prefix)) };
  report(path, `"${text}" is no prefix: write one such as 192.0.2.0/24 or 2001:db8::/32.`);
  return undefined;
}

function parseKey(text: string, path: string, report: Report): { readonly key: string } | undefined {
  const key = parseName(parseOwner(text), text, path, report);
  return key === undefined ? undefined : { key };
}

function parseTarget(document: TargetDocument, path: string, report: Report): NotifyTarget | undefined {
  const address = parseAddress(document.address);
  if (address === undefined) report(joinPointer(path, 'address'), `"${document.address}" is no IPv4 or IPv6 address.`);
  const named = document.key === undefined ? {} : parseKey(document.key, joinPointer(path, 'key'), report);
  if (address === undefined || named === undefined) return undefined;
  return { address: formatAddress(address), port: document.port ?? DNS_PORT, ...named };
}

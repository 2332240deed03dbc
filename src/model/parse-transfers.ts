// Who may copy a zone, and who is told: document to model.

import { formatPrefix, maskPrefix, parseAddress, parsePrefix } from './address.ts';
import { parseDnsServer, parseKeyName } from './parse-dns-server.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import type { TransferRule, Transfers, TransfersDocument } from './transfers.ts';

export function parseTransfers(document: TransfersDocument, path: string, report: Report): Transfers {
  const allow = (document.allow ?? []).flatMap((rule, index) => {
    const at = joinPointer(joinPointer(path, 'allow'), index);
    return parseRule(rule, at, report) ?? [];
  });
  const notify = (document.notify ?? []).flatMap((target, index) => {
    const at = joinPointer(joinPointer(path, 'notify'), index);
    return parseDnsServer(target, at, report) ?? [];
  });
  return { allow, notify };
}

type RuleDocument = NonNullable<TransfersDocument['allow']>[number];

function parseRule(document: RuleDocument, path: string, report: Report): TransferRule | undefined {
  if (typeof document === 'string') return parsePlace(document, path, report);
  const { key, prefix } = document;
  if (key === undefined && prefix === undefined) {
    report(path, 'a rule without key and prefix would let everybody copy the zone: give one, or both.');
    return undefined;
  }
  const named = key === undefined ? {} : parseKeyName(key, joinPointer(path, 'key'), report);
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

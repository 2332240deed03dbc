// Service bindings that a service states (RFC 9460): checked as records are, and as one RRset.

import type { ParseContext } from './parse-context.ts';
import { joinPointer } from './pointer.ts';

/** AliasMode (RFC 9460 section 2.4.2): a priority of 0. */
const ALIAS_MODE = /^\s*"?0+"?\s/;

/** The data as stated; problems may be reported all the same. Without a zone, names in it mean nothing, and are not checked. */
export function parseBindings(
  type: 'HTTPS' | 'SVCB',
  data: readonly string[],
  zone: string | undefined,
  path: string,
  { report, checkBinding, checkRecordData }: ParseContext,
): readonly string[] {
  const check = checkBinding ?? checkRecordData;
  for (const [index, text] of data.entries()) {
    const fault = zone === undefined ? undefined : check?.(type, text, zone);
    if (fault !== undefined) report(joinPointer(path, index), fault);
    const first = data.indexOf(text);
    if (first < index) report(joinPointer(path, index), `the same as ${joinPointer(path, first)}: write it once.`);
  }
  // Section 2.4.1: "the records within a SVCB RRset SHOULD all have the same Mode".
  const alias = data.findIndex((text) => ALIAS_MODE.test(text));
  if (alias >= 0 && data.some((text) => !ALIAS_MODE.test(text))) {
    const message =
      'clients that see an alias (priority 0) ignore the records beside it (RFC 9460 section 2.4.1): keep the alias, or the others.';
    report(joinPointer(path, alias), message);
  }
  return data;
}

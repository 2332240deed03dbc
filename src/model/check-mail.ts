// What the records of one name say of mail, where they contradict each other.

import type { Located } from './parse-context.ts';
import { joinPointer } from './pointer.ts';
import type { Report } from './problem-list.ts';
import type { RecordSet } from './zone.ts';

const NULL_MX = /^\s*\d+\s+\.\s*$/;
const SPF = /^\s*"?v=spf1(?:[\s"]|$)/i;

/** All records of one name. */
export function checkMail(records: readonly Located<RecordSet>[], report: Report): void {
  const exchangers = listData(records, 'MX');
  const none = exchangers.find(({ value }) => NULL_MX.test(value));
  if (none !== undefined && exchangers.length > 1) {
    const message =
      'an MX whose target is "." says that there is no mail here, and stands alone (RFC 7505 section 3): take it out, or the others.';
    report(none.path, message);
  }
  const [first, second] = listData(records, 'TXT').filter(({ value }) => SPF.test(value));
  if (first !== undefined && second !== undefined) {
    const message = `there is an SPF record already, at ${first.path}: with two, receivers take neither (RFC 7208 section 4.5); make one of them.`;
    report(second.path, message);
  }
}

/** Each value of the type once. */
function listData(records: readonly Located<RecordSet>[], type: string): Located<string>[] {
  const all = records
    .filter(({ value }) => value.type === type)
    .flatMap(({ path, value }) =>
      value.data.map((data, index) => ({ path: joinPointer(joinPointer(path, 'data'), index), value: data })),
    );
  return all.filter(({ value }, index) => all.findIndex((other) => other.value === value) === index);
}

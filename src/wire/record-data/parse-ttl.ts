// Times of master files: whole seconds (RFC 1035 section 5.1), or with the units that every name server reads since BIND
// introduced them: weeks, days, hours, minutes, seconds, such as 1w2d or 90m.

const SECONDS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
]);

/** Undefined for what is no time, and above 2^32 - 1 seconds. */
export function parseTtl(text: string): number | undefined {
  const lower = text.toLowerCase();
  if (!/^(?:\d{1,10}|(?:\d{1,10}[wdhms])+)$/.test(lower)) return undefined;
  let seconds = 0;
  for (const [, digits = '', unit = 's'] of lower.matchAll(/(\d+)([wdhms])?/g)) {
    seconds += Number(digits) * (SECONDS_OF_UNIT.get(unit) ?? 1);
  }
  return seconds < 2 ** 32 ? seconds : undefined;
}

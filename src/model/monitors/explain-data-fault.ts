// What a dns monitor may expect in the data of an answer. Data that no record of the type could have would make healthy servers
// fail for ever: such a slip of the pen is refused when it is written.

import { parseAddress } from '../address.ts';
import { parseOwner } from '../name.ts';

/** What is wrong with `data` for an answer to a question of this type, and what to write; undefined when it can be right. */
export function explainDataFault(queryType: string, data: string): string | undefined {
  const type = TYPE_OF_NUMBER.get(queryType) ?? queryType;
  if (type === 'ANY' || type === 'TXT' || type === 'SPF') return undefined;
  const form = FORMS.get(type);
  if (form === undefined) {
    return `the data of ${queryType} records cannot be compared with anything: leave it out, and the response code is what counts.`;
  }
  if (form.accepts(data)) return undefined;
  const advice = type === 'A' || type === 'AAAA' ? ADDRESS_ADVICE : '';
  return `no ${type} record can be "${data}": write ${form.words}, such as "${form.example}"${advice}.`;
}

const ADDRESS_ADVICE = ', or ask for the type CNAME if it is the alias that matters';

type Form = { readonly words: string; readonly example: string; accepts(data: string): boolean };

const NAME: Form = { words: 'a name', example: 'host.example.com', accepts: isName };

/** As the check writes them: see probe/check-dns.ts. */
const FORMS: ReadonlyMap<string, Form> = new Map([
  ['A', { words: 'an IPv4 address', example: '192.0.2.1', accepts: (data) => parseAddress(data)?.family === 4 }],
  ['AAAA', { words: 'an IPv6 address', example: '2001:db8::1', accepts: (data) => parseAddress(data)?.family === 6 }],
  ['CNAME', NAME],
  ['NS', NAME],
  ['PTR', NAME],
  ['MX', { words: 'a preference and a name', example: '10 mail.example.com', accepts: (data) => hasNumbers(data, 1) }],
  [
    'SRV',
    {
      words: 'priority, weight, port and a name',
      example: '10 5 443 host.example.com',
      accepts: (data) => hasNumbers(data, 3),
    },
  ],
]);

/** Of those above, by their numbers (RFC 3597 section 5). */
const TYPE_OF_NUMBER: ReadonlyMap<string, string> = new Map([
  ['TYPE1', 'A'],
  ['TYPE2', 'NS'],
  ['TYPE5', 'CNAME'],
  ['TYPE12', 'PTR'],
  ['TYPE15', 'MX'],
  ['TYPE16', 'TXT'],
  ['TYPE28', 'AAAA'],
  ['TYPE33', 'SRV'],
  ['TYPE99', 'SPF'],
  ['TYPE255', 'ANY'],
]);

/** So many whole numbers of 16 bits and a name, with one space between them. */
function hasNumbers(data: string, count: number): boolean {
  const words = data.split(' ');
  const numbers = words.slice(0, -1);
  return (
    numbers.length === count &&
    numbers.every((word) => /^(0|[1-9]\d{0,4})$/.test(word) && Number(word) <= 65_535) &&
    isName(words.at(-1) ?? '')
  );
}

function isName(text: string): boolean {
  return text === '.' || parseOwner(text).ok;
}

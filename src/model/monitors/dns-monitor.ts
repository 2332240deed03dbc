// Monitors of type dns: one query, judged by the response code and the data of its answer.

import { type Static, Type } from 'typebox';
import { MAX_CHECK_TEXT_LENGTH } from '../limits.ts';
import { parseOwner } from '../name.ts';
import { suggestNearest } from '../nearest.ts';
import type { ParseContext } from '../parse-context.ts';
import { joinPointer } from '../pointer.ts';
import { nameSchema } from '../scalar.ts';
import { explainDataFault } from './explain-data-fault.ts';
import { MONITOR_FIELDS, portSchema } from './monitor-fields.ts';

export type DnsCheck = {
  readonly type: 'dns';
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly query: { readonly name: string; readonly type: string };
  readonly expect: { readonly rcode: string; readonly data?: string };
};

export const DnsMonitorSchema = Type.Object(
  {
    ...MONITOR_FIELDS,
    type: Type.Enum(['dns'], { description: 'Healthy: a response with the expected code and data.' }),
    port: Type.Optional(portSchema('53 when not given.')),
    protocol: Type.Optional(Type.Enum(['udp', 'tcp'], { default: 'udp' })),
    query: Type.Object(
      {
        name: nameSchema({ examples: ['example.com'] }),
        type: Type.Optional(
          Type.String({
            title: 'a DNS record type',
            examples: ['A'],
            pattern: '^[A-Za-z][A-Za-z0-9-]{0,15}$',
            default: 'A',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    expect: Type.Optional(
      Type.Object(
        {
          rcode: Type.Optional(
            Type.String({
              title: 'a DNS response code',
              examples: ['NOERROR'],
              pattern: '^[A-Za-z]{1,16}$',
              default: 'NOERROR',
            }),
          ),
          data: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: MAX_CHECK_TEXT_LENGTH,
              description: 'One of the answers must be this.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, description: 'A check by DNS query.' },
);

/** What a header without EDNS can say (RFC 1035 section 4.1.1, RFC 2136 section 2.2). */
const RCODES: readonly string[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];

/** What can be asked for by name; all else as TYPE and its number (RFC 3597 section 5). */
export const QUERY_TYPES: readonly string[] = [
  'A',
  'AAAA',
  'ANY',
  'CAA',
  'CNAME',
  'DNSKEY',
  'HINFO',
  'MX',
  'NS',
  'PTR',
  'RRSIG',
  'SOA',
  'SPF',
  'SRV',
  'TXT',
];

/** Undefined when a problem was reported. */
export function parseDnsCheck(
  document: Static<typeof DnsMonitorSchema>,
  path: string,
  context: ParseContext,
): DnsCheck | undefined {
  const { type, port = 53, protocol = 'udp', query, expect = {} } = document;
  const name = query.name === '.' ? { ok: true as const, name: '.' } : parseOwner(query.name);
  if (!name.ok) {
    context.report(joinPointer(joinPointer(path, 'query'), 'name'), `the name "${query.name}" ${name.fault}.`);
  }
  const isCommitted = context.isCommitted === true;
  const rcode = (expect.rcode ?? 'NOERROR').toUpperCase();
  const isKnown = isCommitted || RCODES.includes(rcode);
  if (!isKnown) {
    const advice = suggestNearest(rcode, RCODES) || `; there are ${RCODES.join(', ')}.`;
    context.report(joinPointer(joinPointer(path, 'expect'), 'rcode'), `there is no response code "${rcode}"${advice}`);
  }
  const queryType = (query.type ?? 'A').toUpperCase();
  const isType =
    isCommitted || QUERY_TYPES.includes(queryType) || Number(/^TYPE(\d{1,5})$/.exec(queryType)?.[1]) <= 65_535;
  if (!isType) {
    const advice = suggestNearest(queryType, QUERY_TYPES) || `; there are ${QUERY_TYPES.join(', ')}.`;
    const message = `no record type "${queryType}" can be asked for by name${advice} Others are written as TYPE65.`;
    context.report(joinPointer(joinPointer(path, 'query'), 'type'), message);
  }
  const isDataGood = !isKnown || !isType || checkData(expect.data, rcode, queryType, path, context);
  if (!name.ok || !isKnown || !isType || !isDataGood) return undefined;
  return {
    type,
    port,
    protocol,
    query: { name: name.name, type: queryType },
    expect: { rcode, ...(expect.data !== undefined && { data: expect.data }) },
  };
}

/** Reports data that no answer could have. */
function checkData(
  data: string | undefined,
  rcode: string,
  queryType: string,
  path: string,
  context: ParseContext,
): boolean {
  if (data === undefined || context.isCommitted === true) return true;
  const fault =
    rcode === 'NOERROR'
      ? explainDataFault(queryType, data)
      : `an answer of ${rcode} has no data: leave it out, or expect NOERROR.`;
  if (fault === undefined) return true;
  context.report(joinPointer(joinPointer(path, 'expect'), 'data'), fault, [`${path}/query/type`]);
  return false;
}

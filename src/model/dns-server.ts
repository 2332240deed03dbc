// Another name server that zones are copied from or to, as the configuration names it. Its key is named here and kept elsewhere: in a
// file of the node's (dns.tsig.keyFile), since a configuration may be read by many.

import { type Static, Type } from 'typebox';
import { addressSchema, nameSchema } from './scalar.ts';

export type DnsServer = {
  /** Canonical. */
  readonly address: string;
  readonly port: number;
  /** Name of a TSIG key, lower case, without the last dot. */
  readonly key?: string;
};

export const DNS_PORT = 53;

export function keyNameSchema(description: string) {
  return nameSchema({ title: 'the name of a TSIG key', examples: ['secondary-1'], description });
}

export function dnsServerSchema(keyDescription: string) {
  return Type.Object(
    {
      address: addressSchema({}),
      port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, default: DNS_PORT })),
      key: Type.Optional(keyNameSchema(keyDescription)),
    },
    { additionalProperties: false },
  );
}
export type DnsServerDocument = Static<ReturnType<typeof dnsServerSchema>>;

/** As people read it. */
export function formatDnsServer({ address, port }: Pick<DnsServer, 'address' | 'port'>): string {
  return `${address} port ${port}`;
}

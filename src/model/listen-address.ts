// A listen address: where a listener binds, written `127.0.0.1:5300` or `[::1]:5300`. Literal addresses only: a name
// could resolve to several, or to another one tomorrow, and a listener must be where the operator thinks it is.

import { formatAddress, parseAddress } from './address.ts';

export type ListenAddress = {
  /** IPv4 in dotted form, or IPv6 without brackets and in canonical form. */
  readonly host: string;
  /** 0 to 65535; 0 asks the kernel for a free one. */
  readonly port: number;
};

/** Reads `host:port`; IPv6 hosts stand in brackets. Answers `undefined` for names, missing ports and anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const address = parseAddress(match?.[1] ?? match?.[2] ?? '');
  const isBracketed = match?.[1] !== undefined;
  const port = Number(match?.[3]);
  if (address === undefined || isBracketed !== (address.family === 6) || port > 65_535) return undefined;
  return { host: formatAddress(address), port };
}

/** Writes what parseListenAddress reads. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

// Where a probe worker may be asked for its slot, and whose slot that is: `paris@https://probe.paris.internal:8443`, or
// `paris/probe-1@https://…`. What is told there of any other vantage, or worker, is refused.

import type { Endpoint } from './store-address.ts';

export type WorkerAddress = {
  readonly vantage: string;
  /** Undefined: any worker of the vantage, one at a time. */
  readonly worker?: string;
  readonly endpoint: Endpoint;
};

const WRITTEN =
  /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\/([^@/\s]{1,255}))?@https:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})\/?$/;
const MAX_PORT = 65_535;

/** Undefined for anything else. */
export function parseWorkerAddress(text: string): WorkerAddress | undefined {
  const match = WRITTEN.exec(text);
  const [, vantage, worker, address, name] = match ?? [];
  const host = address ?? name;
  const port = Number(match?.[5]);
  if (vantage === undefined || host === undefined || port < 1 || port > MAX_PORT) return undefined;
  return { vantage, ...(worker !== undefined && { worker }), endpoint: { host: host.toLowerCase(), port } };
}

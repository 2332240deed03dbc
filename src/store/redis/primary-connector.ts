// How ioredis opens a connection to a server that must be found first. A client is made once and reconnects by itself; each
// time this asks the locator anew, so that after a failover it arrives at the new primary, and turns away whoever does not
// call itself one.

import { connect as connectPlain, isIP, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import type { Endpoint } from '../../model/store-address.ts';
import { describeCause } from '../store-error.ts';
import type { PrimaryLocator } from './primary-locator.ts';

type Connector = new () => AbstractConnector;

/** @param onServer hears which server it is from now on, and undefined while it is looked for. */
export function createPrimaryConnector(
  locator: PrimaryLocator,
  tls: TlsOptions | undefined,
  disconnectTimeoutMs: number,
  onServer: ((server: Endpoint | undefined) => void) | undefined,
): Connector {
  return class PrimaryConnector extends AbstractConnector {
    constructor() {
      super(disconnectTimeoutMs);
    }

    override check(info: unknown): boolean {
      return Reflect.get(Object(info), 'role') === 'master';
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      onServer?.(undefined);
      const found = await locator.locate().then(
        (server) => ({ server }),
        (error: unknown) => ({ error: error instanceof Error ? error : new Error(describeCause(error)) }),
      );
      // What ioredis takes for the end of a client; so is a rejection of any other kind, hence the socket below.
      if (!this.connecting) throw new Error('Connection is closed.');
      if ('error' in found) {
        this.firstError = found.error;
        this.stream = new Socket().destroy();
        return this.stream;
      }
      const { host, port } = found.server;
      onServer?.(found.server);
      const stream = tls ? connectTls({ ...withServerName(tls, host), host, port }) : connectPlain({ host, port });
      stream.once('error', (error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }
  };
}

/** The name that the certificate must have: that of the host, unless another was set. */
export function withServerName(tls: TlsOptions, host: string): TlsOptions {
  return { ...(isIP(host) === 0 && { servername: host }), ...tls };
}

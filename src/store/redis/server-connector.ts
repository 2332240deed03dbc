// How ioredis opens a connection. A client is made once and reconnects by itself; each time this asks the locator anew, so
// that after a failover it arrives at the new primary, and turns away whoever does not call itself one. Certificates are
// read anew as well, so that those that were renewed are used without a restart.

import { connect as connectPlain, isIP, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import type { Endpoint } from '../../model/store-address.ts';
import { describeCause } from '../store-error.ts';
import { isLocator, type PrimaryLocator } from './primary-locator.ts';

/** What TLS is spoken with. @throws Error with the reason when that cannot be read. */
export type ReadTls = () => TlsOptions;

export type ServerConnectorOptions = {
  readonly server: Endpoint | PrimaryLocator;
  readonly tls: ReadTls | undefined;
  /** Hears which server it is from now on, and undefined while it is looked for. */
  readonly onServer: (server: Endpoint | undefined) => void;
};

type Connector = new () => AbstractConnector;

const DISCONNECT_TIMEOUT_MS = 500;
/** A server that is left for another may be frozen: its word of farewell is not waited for. */
const LEAVE_TIMEOUT_MS = 50;

export function createServerConnector({ server, tls, onServer }: ServerConnectorOptions): Connector {
  const isGuided = isLocator(server);
  return class ServerConnector extends AbstractConnector {
    constructor() {
      super(isGuided ? LEAVE_TIMEOUT_MS : DISCONNECT_TIMEOUT_MS);
    }

    override check(info: unknown): boolean {
      return !isGuided || Reflect.get(Object(info), 'role') === 'master';
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      const opened = await this.#open().catch((error: unknown) => describeCause(error));
      // What ioredis takes for the end of a client; so is a rejection of any other kind, hence the dead socket.
      if (!this.connecting) {
        if (typeof opened !== 'string') opened.destroy();
        throw new Error('Connection is closed.');
      }
      if (typeof opened === 'string') this.firstError = new Error(opened);
      this.stream = typeof opened === 'string' ? new Socket().destroy() : opened;
      return this.stream;
    }

    async #open(): Promise<Socket> {
      onServer(undefined);
      delete this.firstError;
      const { host, port } = isGuided ? await server.locate() : server;
      const secure = tls?.();
      if (this.connecting) onServer({ host, port });
      const stream = secure
        ? connectTls({ ...(isIP(host) === 0 && { servername: host }), ...secure, host, port })
        : connectPlain({ host, port });
      // For as long as it lives: ioredis hears of one error alone, and a second (TLS has them) would end the process.
      stream.on('error', (error) => {
        this.firstError ??= error;
      });
      return stream;
    }
  };
}

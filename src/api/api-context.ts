// What every resource's routes are given: the server to add themselves to, and what stands behind it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ChangeDesk } from './change.ts';
import type { ClusterView, ConfigurationWriter, CopyDesk, KeyDesk, LoadReports } from './ports.ts';

export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export type ApiContext = {
  readonly server: ApiServer;
  readonly writer: ConfigurationWriter;
  readonly view: ClusterView;
  readonly loads: LoadReports;
  readonly keys: KeyDesk;
  readonly copies: CopyDesk;
  readonly desk: ChangeDesk;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
};

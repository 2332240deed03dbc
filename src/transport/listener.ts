// What every listener is to those who start and stop it, and how one that cannot start says so.

export type Listener = {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  /** The real one, also where 0 was asked for. */
  readonly port: number;
  /** Answers what has been received, then closes. Resolves within CLOSE_LIMIT_MS. */
  close(): Promise<void>;
};

/** The longest that closing may take while messages keep coming. */
export const CLOSE_LIMIT_MS = 1000;

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there: stop it, or choose another address in dns.listen',
  EACCES:
    'ports below 1024 need a privilege: run with CAP_NET_BIND_SERVICE, or lower net.ipv4.ip_unprivileged_port_start',
  EADDRNOTAVAIL: 'this machine does not have that address: correct dns.listen, or bring the interface up first',
};

/** An error for a listener that cannot be bound, with what to do about it. */
export function bindError(protocol: string, host: string, port: number, cause: NodeJS.ErrnoException): Error {
  const advice = ADVICE[cause.code ?? ''] ?? cause.message;
  return new Error(`cannot listen on ${protocol} ${host} port ${port} (${cause.code ?? 'unknown'}): ${advice}`, {
    cause,
  });
}

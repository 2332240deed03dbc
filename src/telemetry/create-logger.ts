// The log: one line per event, JSON for machines or coloured for people, on standard error, so that standard output
// stays free for what a command answers. No level logs queries. Whoever logs names the event and gives the facts as
// fields (`log.info({ revision }, 'serving a new revision')`); secrets are cut out here in case one slips in.

import { type DestinationStream, destination, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { Settings } from '../model/settings.ts';

/** What waits for a slow reader of the log; beyond it lines are dropped, because nothing may wait for the log. */
const MAX_WAITING_BYTES = 4 << 20;
const STANDARD_ERROR = 2;

/** Fields that may hold a secret, at the top and one level down. */
const SECRET_FIELDS = ['token', 'password', 'secret', 'authorization', 'cookie'];

/** Makes the process's logger. `stream` replaces standard error, for tests. */
export function createLogger({ level, format }: Settings['log'], stream?: DestinationStream): Logger {
  const isPretty = format === 'pretty' || (format === 'auto' && stream === undefined && process.stderr.isTTY);
  if (isPretty) return pino(loggerOptions(level), prettyStream(stream));
  const waiting = { dest: STANDARD_ERROR, sync: false, maxLength: MAX_WAITING_BYTES };
  return pino(loggerOptions(level), stream ?? destination(waiting));
}

function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[secret]' },
  };
}

/** Written at once: a person at a terminal wants the last line before a crash, and reads faster than we log. */
function prettyStream(stream: DestinationStream | undefined): DestinationStream {
  const options = {
    colorize: stream === undefined,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    sync: true,
  };
  return stream === undefined
    ? pretty({ ...options, destination: STANDARD_ERROR })
    : { write: prettyLine(options, stream) };
}

function prettyLine(options: pretty.PrettyOptions, stream: DestinationStream): (line: string) => void {
  const prettify = pretty.prettyFactory(options);
  return (line) => stream.write(prettify(JSON.parse(line)));
}

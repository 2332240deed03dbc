// The few words of a logger that the worker needs; a pino logger is one.

export type ProbeLogger = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

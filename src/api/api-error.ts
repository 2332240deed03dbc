// Everything that can go wrong in a request, as one table: a stable code for programs, the HTTP status, a title for people.
// docs/errors.md has a section for each; a test holds that. Handlers throw what `refuse` makes, and the server turns it into
// a problem (RFC 9457).

export const API_ERRORS = {
  MALFORMED: { status: 400, title: 'The request cannot be read' },
  UNAUTHENTICATED: { status: 401, title: 'No valid token' },
  FORBIDDEN: { status: 403, title: 'The token does not allow this' },
  NOT_FOUND: { status: 404, title: 'There is no such thing' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This method does nothing here' },
  ALREADY_EXISTS: { status: 409, title: 'It is there already' },
  CONFLICT: { status: 409, title: 'Others kept changing the configuration at the same time' },
  IN_USE: { status: 409, title: 'It is still referred to' },
  PRECONDITION_FAILED: { status: 412, title: 'It has changed since it was read' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body is of a kind that is not read here' },
  INVALID: { status: 422, title: 'What was sent is not valid' },
  PRECONDITION_REQUIRED: { status: 428, title: 'Say what you have read' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  INTERNAL: { status: 500, title: 'A fault of the server' },
  NOT_READY: { status: 503, title: 'Nothing is served yet' },
  OVERLOADED: { status: 503, title: 'The server is too busy' },
  UNAVAILABLE: { status: 503, title: 'The store does not answer' },
} as const;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** Where a fault stands: a pointer (RFC 6901) into one of the parts of a request, or into the whole configuration. */
export type Fault = {
  readonly in: 'body' | 'query' | 'path' | 'header' | 'configuration';
  readonly pointer: string;
  readonly detail: string;
};

export type ApiError = Error & {
  readonly code: ApiErrorCode;
  readonly statusCode: number;
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;
};

/** Makes the error to throw. `detail` is a sentence or two: what is wrong with this request, and what to do. */
export function refuse(
  code: ApiErrorCode,
  detail: string,
  faults: readonly Fault[] = [],
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  const { status: statusCode } = API_ERRORS[code];
  return Object.assign(new Error(detail), { name: 'ApiError', code, statusCode, faults, headers });
}

export function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && error.name === 'ApiError' && 'faults' in error;
}

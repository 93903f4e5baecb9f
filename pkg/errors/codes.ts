/**
 * The closed list of error codes a caller can meet, and who has to act on each.
 *
 * A code is here only when a caller would act on it differently; HTTP statuses are pkg/http's business.
 * The README's table of codes is compared with this list by a test.
 */

/** Who has to act: the author of the request, the tenant's load, a dependency's operator, the configuration's owner, us. */
export type ErrorKind = 'request' | 'load' | 'dependency' | 'configuration' | 'bug';

interface CodeEntry {
  readonly kind: ErrorKind;
  /** RFC 9457 `title`: constant for a code. */
  readonly title: string;
}

export const errorCodes = {
  invalid_json: { kind: 'request', title: 'The body is not UTF-8 JSON' },
  invalid_request: { kind: 'request', title: 'The request does not have the declared shape' },
  unauthenticated: { kind: 'request', title: 'The request could not be authenticated' },
  not_found: { kind: 'request', title: 'There is nothing at this path' },
  method_not_allowed: { kind: 'request', title: 'This path does not answer this method' },
  conflict: { kind: 'request', title: 'The change was rolled back' },
  body_too_large: { kind: 'request', title: 'The body is too large' },
  unsupported_media_type: { kind: 'request', title: 'This content type cannot carry JSON' },
  idempotency_key_reused: { kind: 'request', title: 'The idempotency key came with another body' },
  answer_too_large: { kind: 'request', title: 'The answer would not fit' },
  rate_limited: { kind: 'load', title: 'Too many requests per second' },
  too_many_concurrent: { kind: 'load', title: 'Too many requests at once' },
  cxone_failed: { kind: 'dependency', title: 'The CXone API refused the call' },
  overloaded: { kind: 'load', title: 'The service is at its limit' },
  database_unavailable: { kind: 'dependency', title: 'The database cannot be reached' },
  cxone_unavailable: { kind: 'dependency', title: 'The CXone API cannot be reached' },
  stopping: { kind: 'load', title: 'This instance is stopping' },
  deadline_exceeded: { kind: 'dependency', title: 'The deadline passed' },
  statement_failed: { kind: 'configuration', title: 'A declared statement failed' },
  internal: { kind: 'bug', title: 'Internal error' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof errorCodes;

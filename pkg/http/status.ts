/**
 * The only place that knows which HTTP status an error code is.
 */
import type { ErrorCode } from '../errors/codes.ts';

export const statusOf = {
  invalid_json: 400,
  invalid_request: 400,
  unauthenticated: 401,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  answer_too_large: 422,
  rate_limited: 429,
  too_many_concurrent: 429,
  cxone_failed: 502,
  overloaded: 503,
  database_unavailable: 503,
  cxone_unavailable: 503,
  stopping: 503,
  deadline_exceeded: 504,
  statement_failed: 500,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

/**
 * What a call to the API server came to: its value, or a failure as plain data that callers branch on.
 *
 * A failure has no body and no message of the server: those may hold a Secret's values. It is not thrown.
 */

/** What to make of it:
 * refused         the request as it stands will never be taken (400, 405, 415, 422 and whatever has no word of its own)
 * unauthorized    401, also an expired token            forbidden  403: rights may come later
 * not_found       404                                   conflict   409: changed by another, or there already
 * gone            410: that version is no longer kept   throttled  429
 * server_error    5xx                                   unreachable  no connection, or it broke
 * untrusted       its certificate is not signed by our authority
 * no_credentials  the token, the authority's or the client's certificate could not be read
 * timed_out       ours: no answer in time               silent     ours: an open watch without a byte
 * stopped         ours: the caller gave up              too_large  ours: more bytes than are taken
 * unreadable      an answer that does not have the shape it has to have */
export type ApiFailureReason =
  | 'refused'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'throttled'
  | 'server_error'
  | 'unreachable'
  | 'untrusted'
  | 'no_credentials'
  | 'timed_out'
  | 'silent'
  | 'stopped'
  | 'too_large'
  | 'unreadable';

export interface ApiFailure {
  readonly reason: ApiFailureReason;
  /** HTTP status, where one came. */
  readonly status?: number;
  /** What the server asked for, up to `kubernetesLimits.retryAfterMsMax`. */
  readonly retryAfterMs?: number;
  /** The system's or TLS's own word, such as ECONNREFUSED. */
  readonly code?: string;
}

export type ApiResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ApiFailure };

export const succeeded = <T>(value: T): ApiResult<T> => ({ ok: true, value });

export const failed = (reason: ApiFailureReason, more: Omit<ApiFailure, 'reason'> = {}): ApiResult<never> => ({
  ok: false,
  failure: { reason, ...more },
});

const byStatus: ReadonlyMap<number, ApiFailureReason> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [409, 'conflict'],
  [410, 'gone'],
  [429, 'throttled'],
]);

export const reasonOfStatus = (status: number): ApiFailureReason =>
  byStatus.get(status) ?? (status >= 500 ? 'server_error' : 'refused');

/**
 * Turns whatever client-node and undici throw into an ApiFailure, by status and by code, never by text.
 */
import { ApiException } from '@kubernetes/client-node';
import { thrownCode } from '../errors/thrown-code.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { parseRetryAfter } from '../resilience/retry-after.ts';
import { type ApiFailure, type ApiFailureReason, reasonOfStatus } from './api-result.ts';
import type { Exchange } from './exchange.ts';

/** Thrown before a request is made: a file that ought to hold credentials cannot be read. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super('credentials cannot be read', { cause });
    this.code = codeOf(cause);
  }
}

/** Thrown for an answer that does not have its shape. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** @param wallMs  now */
export const failureOf = (error: unknown, exchange: Exchange, wallMs: number): ApiFailure => {
  if (exchange.endedBy !== undefined) return { reason: exchange.endedBy };
  if (error instanceof NoCredentials) return withCode('no_credentials', error.code);
  const { status } = exchange;
  if (status !== undefined && (status < 200 || status > 299)) {
    const retryAfterMs = parseRetryAfter(exchange.retryAfter, { wallMs, msMax: kubernetesLimits.retryAfterMsMax });
    return { reason: reasonOfStatus(status), status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (error instanceof Unreadable || error instanceof SyntaxError || error instanceof ApiException) {
    return { reason: 'unreadable', ...(status !== undefined && { status }) };
  }
  const code = codeOf(error);
  return withCode(isAboutCertificates(code) ? 'untrusted' : 'unreachable', code);
};

const withCode = (reason: ApiFailureReason, code: string | undefined): ApiFailure => ({
  reason,
  ...(code !== undefined && { code }),
});

/** OpenSSL's words as Node gives them: CERT_HAS_EXPIRED, UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERR_TLS_CERT_ALTNAME_INVALID … */
const isAboutCertificates = (code: string | undefined): boolean =>
  code !== undefined && /CERT|UNABLE_TO_|SELF_SIGNED/.test(code);

const causesMax = 4;

/** The innermost code: undici wraps what the system said. */
const codeOf = (error: unknown): string | undefined => {
  let code: string | undefined;
  let current = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth += 1) {
    const own = thrownCode(current);
    if (own !== undefined && /^[A-Z][A-Z0-9_]{1,63}$/.test(own)) code = own;
    current = current.cause;
  }
  return code;
};

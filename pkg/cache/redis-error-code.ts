/**
 * One word for what went wrong with Redis, fit for a log: never an address, a key or a password.
 */
import { thrownCode } from '../errors/thrown-code.ts';
export const redisErrorCode = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  // An error reply of Redis begins with its code: NOSCRIPT, NOPERM, OOM, ERR.
  return thrownCode(error) ?? /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? error.name;
};

/**
 * One word for what went wrong with Redis, fit for a log: never an address, a key or a password.
 */
export const redisErrorCode = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // An error reply of Redis begins with its code: NOSCRIPT, NOPERM, OOM, ERR.
  return /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? error.name;
};

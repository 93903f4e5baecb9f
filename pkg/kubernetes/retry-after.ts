/** Reads Retry-After: seconds, or a moment (RFC 9110, 10.2.3). What cannot be read counts as not there. */
import { kubernetesLimits } from '../process/limits.ts';

/** @param wallMs  now, for moments
 * @returns milliseconds, 0 to `retryAfterMsMax` */
export const parseRetryAfter = (header: string | undefined, wallMs: number): number | undefined => {
  if (header === undefined) return undefined;
  const ms = millisecondsUntil(header, wallMs);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), kubernetesLimits.retryAfterMsMax);
};

const millisecondsUntil = (header: string, wallMs: number): number => {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  // Date.parse takes almost anything for a moment.
  return /^[A-Z][a-z]{2}, .* GMT$/.test(header) ? Date.parse(header) - wallMs : Number.NaN;
};

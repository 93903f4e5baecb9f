/**
 * `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3), as milliseconds from now.
 */
import { cxoneLimits } from '../process/limits.ts';

const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** @param now  wall milliseconds
 * @returns 0..retryAfterMsMax, or undefined for what cannot be read */
export const parseRetryAfter = (header: string | undefined, now: number): number | undefined => {
  const ms = header === undefined ? undefined : readMs(header.trim(), now);
  return ms === undefined || Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), cxoneLimits.retryAfterMsMax);
};

const readMs = (text: string, now: number): number | undefined => {
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1_000;
  return httpDate.test(text) ? Date.parse(text) - now : undefined;
};

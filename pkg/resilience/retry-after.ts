/**
 * Reads `Retry-After`: seconds, or a moment (RFC 9110, 10.2.3). What is neither counts as not there.
 *
 * As lenient as that standard has a recipient be, and no more: digits of any number, and a date in each of its three forms (5.6.7), since
 * Date.parse takes almost anything for a moment.
 */
const gmtDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/;
/** GMT as well, without saying so. */
const asctimeDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** @param bounds  `wallMs`: now, for moments
 * @returns milliseconds from now, 0 to `msMax`; undefined for what cannot be read */
export const parseRetryAfter = (
  header: string | undefined,
  { wallMs, msMax }: { readonly wallMs: number; readonly msMax: number },
): number | undefined => {
  const ms = header === undefined ? Number.NaN : millisecondsUntil(header.trim(), wallMs);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), msMax);
};

const millisecondsUntil = (text: string, wallMs: number): number => {
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  if (gmtDate.test(text)) return Date.parse(text) - wallMs;
  return asctimeDate.test(text) ? Date.parse(`${text} GMT`) - wallMs : Number.NaN;
};

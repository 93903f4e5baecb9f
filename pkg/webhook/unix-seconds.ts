/**
 * The time a request says it was signed at: whole Unix seconds. Anything else, repeated headers included, is none.
 */
import { webhookLimits } from '../process/limits.ts';

const wholeDigits = new RegExp(`^\\d{1,${webhookLimits.timestampDigitsMax}}$`);

export const parseUnixSeconds = (text: string): number | undefined =>
  wholeDigits.test(text) ? Number(text) : undefined;

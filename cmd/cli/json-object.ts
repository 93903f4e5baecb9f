/** A flag whose value is a JSON object. */
import { UsageError } from './flag.ts';

/** @throws UsageError */
export const jsonObject = (text: string, flag: string): object => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one message for all of it.
  }
  throw new UsageError(`--${flag}: expected a JSON object`);
};

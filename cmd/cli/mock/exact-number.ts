/**
 * Numbers that keep the digits they were written with, as PostgreSQL's JSON does: `1.50` stays `1.50`, an int8 loses nothing.
 *
 * They are what JSON.rawJSON makes: JSON.stringify writes them as they are, nothing else has to know them.
 */

declare global {
  interface JSON {
    /** TC39 "JSON.parse source text access", not in TypeScript's library yet. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): value is object;
  }
}

interface ReviverContext {
  readonly source?: string;
}

const form = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether a text is how JSON writes a number: no plus, no leading zeros. */
export const isNumberText = (text: string): boolean => form.test(text);

/** @param text  passes `isNumberText` */
export const exactNumber = (text: string): object => JSON.rawJSON(text);

export const isExactNumber = (value: unknown): value is object => JSON.isRawJSON(value);

/** One that is written as it was read, and beyond doubt holds what was read. */
const isPlain = (value: number, source: string): boolean =>
  source === String(value) && Number.isSafeInteger(Math.trunc(value));

const keepDigits = (_key: string, value: unknown, { source }: ReviverContext = {}): unknown =>
  typeof value === 'number' && source !== undefined && !isPlain(value, source) ? exactNumber(source) : value;

/** Numbers are plain where nothing is lost by that, else exact ones. @throws SyntaxError */
export const parseWithDigits = (json: string): unknown => JSON.parse(json, keepDigits);

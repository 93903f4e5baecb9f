/**
 * JSON text to a value without losing integers: one that a double cannot hold arrives as a bigint.
 *
 * The cost is paid only by texts in which the plain parser found a number beyond the safe ones; all others are parsed once and looked over.
 */
const integer = /^-?\d+$/;

interface ReviverContext {
  readonly source?: string;
}

const keepIntegers = (_key: string, value: unknown, context?: ReviverContext): unknown => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return integer.test(source) ? BigInt(source) : value;
};

/** Whether some number is so large that another integer may have been written; up to the last safe one, each has a double of its own. Not
 * recursive, as what it sees is unverified and may be of any depth. */
const mayHaveLost = (root: unknown): boolean => {
  const open = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === 'number') {
      if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return true;
    } else if (typeof value === 'object' && value !== null) {
      for (const part of Array.isArray(value) ? value : Object.values(value)) {
        if (typeof part === 'number' || typeof part === 'object') open.push(part);
      }
    }
  }
  return false;
};

/** The second half, for who has parsed the text already: with a large number among others it takes many times as long as the first.
 * @param value  what `JSON.parse` made of `text`
 * @throws RangeError for one with large numbers and thousands of levels */
export const exactJson = (text: string, value: unknown): unknown =>
  mayHaveLost(value) ? JSON.parse(text, keepIntegers) : value;

/** @throws SyntaxError when `text` is not JSON; RangeError as `exactJson` */
export const parseExactJson = (text: string): unknown => exactJson(text, JSON.parse(text));

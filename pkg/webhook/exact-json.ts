/**
 * JSON text to a value without losing integers: one that a double cannot hold arrives as a bigint.
 *
 * The cost is paid only by texts that contain sixteen digits in a row; all others take the plain parser.
 */
const longRun = 16;
const [zero, nine] = [48, 57];
const integer = /^-?\d+$/;

interface ReviverContext {
  readonly source?: string;
}

const keepIntegers = (_key: string, value: unknown, context?: ReviverContext): unknown => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return integer.test(source) ? BigInt(source) : value;
};

const isDigit = (code: number): boolean => code >= zero && code <= nine;

/** Looks at each sixteenth character, and round those that are digits: a regular expression starts anew at every digit of an id. */
const hasLongDigits = (text: string): boolean => {
  for (let at = longRun - 1; at < text.length; at += longRun) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (first > 0 && isDigit(text.charCodeAt(first - 1))) first -= 1;
    let end = at + 1;
    while (end - first < longRun && isDigit(text.charCodeAt(end))) end += 1;
    if (end - first >= longRun) return true;
  }
  return false;
};

/** @throws SyntaxError when `text` is not JSON */
export const parseExactJson = (text: string): unknown =>
  hasLongDigits(text) ? JSON.parse(text, keepIntegers) : JSON.parse(text);

/**
 * JSON text to a value without losing integers: one that a double cannot hold arrives as a bigint.
 *
 * The cost is paid only by texts that contain sixteen digits in a row; all others take the plain parser.
 */
const longDigits = /\d{16}/;
const integer = /^-?\d+$/;

interface ReviverContext {
  readonly source?: string;
}

const keepIntegers = (_key: string, value: unknown, context?: ReviverContext): unknown => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return integer.test(source) ? BigInt(source) : value;
};

/** @throws SyntaxError when `text` is not JSON */
export const parseExactJson = (text: string): unknown =>
  longDigits.test(text) ? JSON.parse(text, keepIntegers) : JSON.parse(text);

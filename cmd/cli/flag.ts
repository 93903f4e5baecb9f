/**
 * The flags of a command, described once: parsing, help, completion and papers all come from the description.
 *
 * Wrong usage names the flag and what it takes, never what was given.
 */
import { parseArgs } from 'node:util';

interface FlagText {
  /** One letter. */
  readonly short?: string;
  /** Title of the part of the help it stands in; left out: the first part. */
  readonly group?: string;
  readonly help: string;
}

export interface Switch extends FlagText {
  readonly type: 'boolean';
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

export interface ValueFlag extends FlagText {
  readonly type: 'string';
  /** What stands for its value in help, e.g. FILE. */
  readonly value: string;
  /** As it would be typed. */
  readonly default?: string;
  /** The only values. */
  readonly words?: readonly string[];
  /** Several of the words, separated by commas. */
  readonly list?: true;
  /** A whole number. */
  readonly whole?: Bounds;
  /** A number with or without decimals. */
  readonly decimal?: Bounds;
  /** Its value is the name of a file. */
  readonly file?: true;
}

export type Flag = Switch | ValueFlag;
export type Flags = Readonly<Record<string, Flag>>;

type NumberFlag = { readonly whole: Bounds } | { readonly decimal: Bounds };
type ValueOf<F> = F extends Switch
  ? boolean
  : F extends NumberFlag
    ? number
    : F extends { readonly words: readonly (infer W)[]; readonly list: true }
      ? readonly W[]
      : F extends { readonly words: readonly (infer W)[] }
        ? W
        : string;

/** What was given, and the defaults of what was not. */
export type Values<F extends Flags> = {
  readonly [K in keyof F]: ValueOf<F[K]> | (F[K] extends { readonly default: string } ? never : undefined);
};

/** What stands beside the flags, e.g. the names of files. */
export interface Operand {
  readonly value: string;
  readonly help: string;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
  readonly file?: true;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a value has to be, in words; empty where anything goes. */
const expectedOf = ({ words, list, whole, decimal }: ValueFlag): string => {
  if (words) return `${list ? 'some of' : 'one of'} ${words.join(', ')}`;
  if (whole) return `a whole number from ${whole.min} to ${whole.max}`;
  return decimal ? `a number from ${decimal.min} to ${decimal.max}` : '';
};

const isWithin = (number: number, { min, max }: Bounds): boolean => number >= min && number <= max;

/** @returns undefined for a value that it does not take */
const readValue = (flag: ValueFlag, text: string): string | number | readonly string[] | undefined => {
  const { words, list, whole, decimal } = flag;
  if (words && list) {
    const given = text.split(',');
    return given.every((word) => words.includes(word)) ? given : undefined;
  }
  if (words) return words.includes(text) ? text : undefined;
  if (whole) return /^\d{1,15}$/.test(text) && isWithin(Number(text), whole) ? Number(text) : undefined;
  if (decimal) {
    return /^\d{1,9}(?:\.\d{1,9})?$/.test(text) && isWithin(Number(text), decimal) ? Number(text) : undefined;
  }
  return text;
};

const readFlag = (name: string, flag: ValueFlag, text: string) => {
  const value = readValue(flag, text);
  if (value === undefined) throw new UsageError(`--${name}: expected ${expectedOf(flag)}`);
  return value;
};

/** @returns the texts of the flags that were given, and what stood beside them */
const readTokens = (flags: Flags, args: readonly string[]) => {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [name, { type, ...(short ? { short } : {}) }]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Map<string, string | true>();
  const beside: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') beside.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    const name = token.rawName.slice(0, 64);
    if (!flag) throw new UsageError(`${name}: no such flag`);
    if (given.has(token.name)) throw new UsageError(`${name}: given twice`);
    if (flag.type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`${name}: takes no value`);
      given.set(token.name, true);
      continue;
    }
    const isFlagLike = !token.inlineValue && token.value !== undefined && /^-./.test(token.value);
    if (token.value === undefined || isFlagLike) {
      throw new UsageError(
        `${name}: its value ${flag.value} is missing (--${token.name}=… for one that begins with -)`,
      );
    }
    given.set(token.name, token.value);
  }
  return { given, beside };
};

const checkOperands = (operand: Operand | undefined, beside: readonly string[]): void => {
  if (!operand) {
    if (beside.length > 0) throw new UsageError('takes flags only: there is a word without one');
    return;
  }
  const { value, min, max, words } = operand;
  if (beside.length < min) throw new UsageError(`${value} is required${words ? `: one of ${words.join(', ')}` : ''}`);
  if (beside.length > max) throw new UsageError(`${value}: at most ${max}`);
  if (words && !beside.every((word) => words.includes(word))) {
    throw new UsageError(`${value}: expected one of ${words.join(', ')}`);
  }
};

export interface Given<F extends Flags> {
  readonly flags: Values<F>;
  readonly operands: readonly string[];
}

/** @throws UsageError with the first thing that is wrong */
export const readFlags = <F extends Flags>(
  flags: F,
  operand: Operand | undefined,
  args: readonly string[],
): Given<F> => {
  const { given, beside } = readTokens(flags, args);
  checkOperands(operand, beside);
  const values = Object.entries(flags).map(([name, flag]) => {
    const text = given.get(name);
    if (flag.type === 'boolean') return [name, text];
    const typed = typeof text === 'string' ? text : flag.default;
    return [name, typed === undefined ? undefined : readFlag(name, flag, typed)];
  });
  // Each was read by its own description just now.
  return { flags: Object.fromEntries(values) as Values<F>, operands: beside };
};

/** @throws UsageError where a flag that is needed here was left out */
export const required = (value: string | undefined, name: string): string => {
  if (value === undefined || value === '') throw new UsageError(`--${name} is required`);
  return value;
};

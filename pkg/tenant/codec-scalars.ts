/**
 * Codecs of single values: text, whole numbers, booleans, words of a closed list.
 */
import { requestLimits } from '../process/limits.ts';
import { type Codec, scalar } from './codec.ts';

interface TextBounds {
  /** Characters, default 0. */
  readonly min?: number;
  /** Characters (code points, as in a CRD's maxLength). */
  readonly max: number;
  /** Must be anchored and linear; it sees bounded text only. */
  readonly pattern?: RegExp;
  /** Default: the bounds in words. */
  readonly expected?: string;
}

/** `from 1 to 5` style bounds in words, without the unit. */
export const boundsText = (min: number, max: number): string => {
  if (min === max) return `exactly ${max}`;
  return min === 0 ? `at most ${max}` : `${min} to ${max}`;
};

/** Text that PostgreSQL and UTF-8 can carry: no U+0000, no lone surrogate. */
export const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes('\0');

/** Code points, counted only when the cheap bound leaves a doubt. */
export const hasCharacters = (value: string, min: number, max: number): boolean => {
  if (value.length < min || value.length > 2 * max) return false;
  if (value.length <= max && value.length >= 2 * min) return true;
  let characters = 0;
  for (const _ of value) characters += 1;
  return characters >= min && characters <= max;
};

export const text = ({ min = 0, max, pattern, expected }: TextBounds): Codec<string> =>
  scalar(expected ?? `text of ${boundsText(min, max)} characters`, (value) =>
    typeof value === 'string' && hasCharacters(value, min, max) && isStorable(value) && (pattern?.test(value) ?? true)
      ? value
      : undefined,
  );

export const whole = (min: number, max: number): Codec<number> =>
  scalar(`a whole number from ${min} to ${max}`, (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined,
  );

export const flag: Codec<boolean> = scalar('true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);

/** Words that fit a problem, which is told once for each bad value; otherwise only how many there are. */
const wordsText = (words: readonly string[]): string => {
  if (words.length === 1 && hasCharacters(words.join(), 0, requestLimits.expectedCharactersMax)) return words.join();
  const all = `one of ${words.join(', ')}`;
  return all.length <= requestLimits.expectedCharactersMax ? all : `one of the ${words.length} declared words`;
};

export const oneOf = <const W extends string>(words: readonly W[]): Codec<W> =>
  scalar(wordsText(words), (value) => words.find((word) => word === value));

export const exactly = <const V extends number>(expected: V): Codec<V> =>
  scalar(`${expected}`, (value) => (value === expected ? expected : undefined));

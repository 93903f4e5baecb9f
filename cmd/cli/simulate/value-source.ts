/**
 * Makes the values of a request from their declarations: one call, one value. All randomness comes from the argument.
 */
import { type Parsed, parsed, refused } from '../../../pkg/errors/problem.ts';
import type { Random } from './random.ts';
import { isSource, type Plain, type SourceSpec, type ValueSpec } from './value-spec.ts';

export type MakeValue = (random: Random) => Plain | readonly Plain[];

/** Values by their place, from 0 to `size` - 1. */
interface Values {
  readonly size: number;
  at(place: number): Plain;
}

const fillIn = (template: string, n: number): string =>
  template.replace(/#+(?=[^#]*$)/, (run) => String(n).padStart(run.length, '0'));

/** @param lines  of the file that `from` names */
const valuesOf = ({ pick, range, text }: SourceSpec, lines: readonly string[]): Values => {
  if (pick) return { size: pick.length, at: (place) => pick[place] ?? '' };
  if (!range) return { size: lines.length, at: (place) => lines[place] ?? '' };
  const [from, to] = range;
  return {
    size: to - from + 1,
    at: (place) => (text === undefined ? from + place : fillIn(text, from + place)),
  };
};

/** `count` different places below `size`, by Floyd's algorithm (Bentley, "Programming Pearls: a sample of brilliance"). */
const sample = (size: number, count: number, random: Random): readonly number[] => {
  const chosen = new Set<number>();
  for (let last = size - count; last < size; last += 1) {
    const place = random.below(last + 1);
    chosen.add(chosen.has(place) ? last : place);
  }
  return [...chosen];
};

const randomUuid = (random: Random): string => {
  const digits = Array.from({ length: 32 }, () => random.below(16).toString(16));
  digits[12] = '4';
  digits[16] = (8 + random.below(4)).toString(16);
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** @returns so many values */
type Take = (count: number, random: Random) => readonly Plain[];

const takeFrom = (spec: SourceSpec, values: Values): Take => {
  if (spec.uuid) return (count, random) => Array.from({ length: count }, () => randomUuid(random));
  if (spec.take === 'random') {
    return (count, random) => sample(values.size, count, random).map((place) => values.at(place));
  }
  let next = 0;
  return (count) =>
    Array.from({ length: count }, () => {
      const value = values.at(next);
      next = (next + 1) % values.size;
      return value;
    });
};

const makeFrom = (spec: SourceSpec, values: Values): MakeValue => {
  const take = takeFrom(spec, values);
  if (!spec.items) return (random) => take(1, random)[0] ?? '';
  const [least, most] = spec.items;
  return (random) => take(least + random.below(most - least + 1), random);
};

/** @param linesOf  the lines of a file that was read before */
export const compileValue = (spec: ValueSpec, linesOf: (file: string) => readonly string[]): Parsed<MakeValue> => {
  if (!isSource(spec)) return parsed(() => spec);
  const values = valuesOf(spec, spec.from === undefined ? [] : linesOf(spec.from));
  const [, most] = spec.items ?? [1, 1];
  const isDistinct = spec.take === 'random' && !spec.uuid;
  return isDistinct && most > values.size
    ? refused([{ path: 'items', expected: `at most ${values.size}, so that they can differ` }])
    : parsed(makeFrom(spec, values));
};

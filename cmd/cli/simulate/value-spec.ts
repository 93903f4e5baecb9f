/**
 * A value of a request as a scenario declares it: as it stands, or where it is taken from, so that bodies vary.
 *
 * Says nothing about what actions take: a scenario may ask for what is refused, and expect that.
 */
import * as t from 'io-ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { type Codec, codec, mapped, ruled, scalar } from '../../../pkg/tenant/codec.ts';
import { closed, defaulted, list } from '../../../pkg/tenant/codec-containers.ts';
import { oneOf, text, whole } from '../../../pkg/tenant/codec-scalars.ts';

export type Plain = string | number | boolean;

const plain: Codec<Plain> = scalar('text, a number, true or false', (value) =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
    ? value
    : undefined,
);

const { itemsMax, listMax, rangeMax } = simulateLimits;
const end = whole(-rangeMax, rangeMax);
const items = whole(0, itemsMax);

/** Two whole numbers, the smaller one first. */
const pair = (item: Codec<number>): Codec<readonly [number, number]> => {
  const both = list(item, 2, 2);
  const expected = 'two whole numbers, the smaller one first';
  return codec(expected, (value, context) => {
    const read = both.validate(value, context);
    if (read._tag === 'Left') return read;
    const [from = 0, to = 0] = read.right;
    return from <= to ? t.success([from, to] as const) : t.failure(undefined, context, expected);
  });
};

const itemsPair = pair(items);
const exactItems = mapped(items, (count) => [count, count] as const);

/** The least and the most; one number is both. */
const itemBounds: Codec<readonly [number, number]> = codec(items.name, (value, context) =>
  (Array.isArray(value) ? itemsPair : exactItems).validate(value, context),
);

const sources = ['pick', 'range', 'from', 'uuid'] as const;

const sourceFields = closed(
  {
    /** Distinct at random, or one after the other from the first on, over and over. */
    take: defaulted(oneOf(['random', 'inOrder']), 'random'),
  },
  {
    pick: list(plain, 1, listMax),
    range: pair(end),
    /** A file with one value a line, up to the first comma. */
    from: text({ min: 1, max: requestLimits.stringCharactersMax }),
    uuid: oneOf(['random']),
    /** Around the value of a range: its last run of `#` becomes the number, with leading zeros. */
    text: text({ max: requestLimits.stringCharactersMax, pattern: /#/, expected: 'text with # where the number goes' }),
    /** A list of so many, or of any number between two; left out: one value. */
    items: itemBounds,
  },
);

export type SourceSpec = t.TypeOf<typeof sourceFields>;

const source: Codec<SourceSpec> = ruled(sourceFields, (value) => [
  ...(sources.filter((name) => value[name] !== undefined).length === 1
    ? []
    : [{ path: '', expected: `one of ${sources.join(', ')}` }]),
  ...(value.text !== undefined && value.range === undefined ? [{ path: 'text', expected: 'only with range' }] : []),
  ...(value.uuid !== undefined && value.take === 'inOrder' ? [{ path: 'take', expected: 'random with uuid' }] : []),
]);

export type ValueSpec = Plain | readonly Plain[] | SourceSpec;

export const isSource = (spec: ValueSpec): spec is SourceSpec => typeof spec === 'object' && !Array.isArray(spec);

const plainList = list(plain, 0, listMax);

export const valueSpec: Codec<ValueSpec> = codec<ValueSpec>('a value', (value, context) => {
  if (Array.isArray(value)) return plainList.validate(value, context);
  return typeof value === 'object' && value !== null ? source.validate(value, context) : plain.validate(value, context);
});

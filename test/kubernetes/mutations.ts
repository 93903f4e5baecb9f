/**
 * One change to a spec: a wrong type, a bound or one beyond it, a field too many or too few, a word that breaks a rule. Where
 * and what there is to change is read from the CRD's schema. Whether the changed spec is valid is for others to say.
 */
import type { Schema } from './crd-schema.ts';
import type { Fields } from './manifests.ts';
import { wordsFor } from './words.ts';

type Step = string | number;

interface Place {
  readonly path: readonly Step[];
  readonly value: unknown;
  readonly schema: Schema;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every value of the spec for which the schema has a word, and a place for each property that it could have. */
const placesOf = (value: unknown, schema: Schema, path: readonly Step[] = []): readonly Place[] => {
  const below = (step: Step, part: unknown, of: Schema | undefined): readonly Place[] =>
    of === undefined ? [] : placesOf(part, of, [...path, step]);
  const parts = Array.isArray(value)
    ? value.flatMap((item, at) => below(at, item, schema.items))
    : Object.entries(schema.properties ?? {}).flatMap(([name, of]) =>
        below(name, isFields(value) ? value[name] : undefined, of),
      );
  return value === undefined ? [{ path, value, schema }] : [{ path, value, schema }, ...parts];
};

const left = Symbol('left out');

const anything: readonly unknown[] = [null, 0, -1, 1.5, 2 ** 53, '', 'x', '7', 'a\0', [], {}, [null], { a: 1 }];

const atNumber = ({ minimum = 0, maximum = 0 }: Schema): readonly unknown[] => [
  minimum,
  minimum - 1,
  maximum,
  maximum + 1,
];

const atText = ({ maxLength = 1 }: Schema): readonly unknown[] =>
  ['a', '😀', ' '].flatMap((character) => [character.repeat(maxLength), character.repeat(maxLength + 1)]);

const atList = (list: readonly unknown[], { maxItems = 1 }: Schema): readonly unknown[] => {
  const filled = (length: number) => Array.from({ length }, (_, at) => list[at % list.length]);
  const named = (length: number) =>
    filled(length).map((item, at) => (isFields(item) ? { ...item, name: `n${at}` } : item));
  return [
    [...list, ...list],
    [...list].reverse(),
    list.slice(1),
    ...[maxItems, maxItems + 1].flatMap((length) => (list.length === 0 ? [] : [filled(length), named(length)])),
  ];
};

const atObject = (fields: Fields, { properties = {} }: Schema): readonly unknown[] => [
  { ...fields, surprise: 1 },
  { ...fields, surprise: null },
  ...Object.entries(properties).flatMap(([name, of]) =>
    name in fields
      ? []
      : [of.default, ...(of.enum ?? []), 1, true, 'a', {}].map((value) => ({ ...fields, [name]: value })),
  ),
];

/** What could stand where another name stands. */
const namesIn = (spec: unknown): readonly string[] => [
  ...new Set(textsOf(spec).filter((text) => /^[a-z_]{1,9}$/.test(text))),
];

/** Every text in it, but for the names of fields. */
export const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

/** Left out, the other flag, another word of the list, another name. */
const plainChangesAt = ({ schema }: Place, spec: unknown): readonly unknown[] => [
  left,
  true,
  false,
  ...(schema.enum ?? []),
  ...(schema.type === 'string' ? namesIn(spec) : []),
];

const changesAt = (place: Place, spec: unknown): readonly unknown[] => {
  const { path, value, schema } = place;
  return [
    ...plainChangesAt(place, spec),
    ...anything,
    ...(schema.type === 'integer' ? atNumber(schema) : []),
    ...(schema.type === 'string' ? atText(schema) : []),
    ...(Array.isArray(value) ? atList(value, schema) : []),
    ...(isFields(value) ? atObject(value, schema) : []),
    ...wordsFor(path.findLast((step) => typeof step === 'string') ?? '', value),
  ];
};

const put = (into: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown => {
  if (step === undefined) return value;
  if (Array.isArray(into)) {
    return into.flatMap((item, at) => {
      if (at !== step) return [item];
      const changed = put(item, rest, value);
      return changed === left ? [] : [changed];
    });
  }
  const fields = isFields(into) ? into : {};
  const changed = put(fields[step], rest, value);
  const others = Object.entries(fields).filter(([name]) => name !== step);
  return Object.fromEntries(changed === left ? others : [...others, [step, changed]]);
};

export interface Change {
  /** `actions[0].lookup.keys`. */
  readonly place: string;
  readonly spec: unknown;
}

const changeOf = (spec: Fields, { path }: Place, value: unknown): Change => ({
  place: pathText(path),
  spec: put(spec, path, value),
});

/** Every change that there is to the spec. */
export const changesOf = (spec: Fields, schema: Schema): readonly Change[] =>
  placesOf(spec, schema)
    .slice(1)
    .flatMap((place) => changesAt(place, spec).map((value) => changeOf(spec, place, value)));

/** The same, but of the items of a list every change to the first and only the plain ones to the others. */
export const changesOfKinds = (spec: Fields, schema: Schema): readonly Change[] => {
  const kinds = new Set<string>();
  return placesOf(spec, schema)
    .slice(1)
    .flatMap((place) => {
      const kind = pathText(place.path).replace(/\d+/g, '');
      const changes = kinds.has(kind) ? plainChangesAt(place, spec) : changesAt(place, spec);
      kinds.add(kind);
      return changes.map((value) => changeOf(spec, place, value));
    });
};

const pathText = (path: readonly Step[]): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${step}`)).join('');

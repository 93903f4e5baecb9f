/**
 * Codecs of objects, lists and records. Sizes are checked before contents; unknown fields are errors.
 */
import * as t from 'io-ts';
import { requestLimits } from '../process/limits.ts';
import { below, belowForeign, type Codec, codec, mismatch } from './codec.ts';
import { boundsText, hasCharacters, isStorable } from './codec-scalars.ts';

type Fields = Readonly<Record<string, t.Mixed>>;

/** What an object of required and optional fields decodes to. */
export type Decoded<R extends Fields, O extends Fields> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof O]?: t.TypeOf<O[K]>;
};

interface Defaulted<A> extends Codec<A> {
  readonly fallback: A;
}

/** A field that has `fallback` when it is left out. */
export const defaulted = <A>(type: Codec<A>, fallback: NoInfer<A>): Codec<A> => {
  const field: Defaulted<A> = Object.assign(codec(type.name, type.validate), { fallback });
  return field;
};

/** An object with these fields and no others. */
export const closed = <R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Codec<Decoded<R, O>> => object(required, optional, (value) => Object.keys(value));

/** An object with these fields; whatever else it has is left out. */
export const open = <R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Codec<Decoded<R, O>> => object(required, optional, () => []);

const object = <R extends Fields, O extends Fields>(
  required: R,
  optional: O | undefined,
  judged: (value: object) => readonly string[],
): Codec<Decoded<R, O>> => {
  const fields: readonly Field[] = Object.entries({ ...optional, ...required }).map(([name, type]) => ({
    name,
    type,
    absent:
      'fallback' in type ? t.success(type.fallback) : Object.hasOwn(required, name) ? undefined : t.success(undefined),
  }));
  const names = new Set(fields.map(({ name }) => name));
  const expected = 'an object';
  return codec(expected, (value, context) => {
    if (!isObject(value)) return mismatch(context, expected);
    const found: Record<string, unknown> = {};
    const errors: t.Errors = [];
    for (const field of fields) {
      const read = readField(value, field, context);
      if (read._tag === 'Left') errors.push(...read.left);
      else if (read.right !== undefined) found[field.name] = read.right;
    }
    for (const name of judged(value)) {
      if (errors.length >= requestLimits.problemsMax) break;
      if (!names.has(name))
        errors.push({ value: undefined, context: belowForeign(context, name, t.unknown), message: 'no such field' });
    }
    // Each field was read by its own codec just now.
    return errors.length > 0 ? t.failures(errors) : t.success(found as Decoded<R, O>);
  });
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Field {
  readonly name: string;
  readonly type: t.Mixed;
  /** What it is where it is left out; undefined: it is required. */
  readonly absent: t.Validation<unknown> | undefined;
}

const readField = (
  value: Readonly<Record<string, unknown>>,
  { name, type, absent }: Field,
  context: t.Context,
): t.Validation<unknown> => {
  const field = Object.hasOwn(value, name) ? value[name] : undefined;
  if (field !== undefined) return type.validate(field, below(context, name, type));
  return absent ?? mismatch(below(context, name, type), 'required');
};

/** A list of `min` to `max` items; a longer one is refused before its items are looked at. */
export const list = <A>(item: Codec<A>, min: number, max: number): Codec<readonly A[]> => {
  const expected = `${boundsText(min, max)} ${max === 1 ? 'item' : 'items'}`;
  return codec(expected, (value, context) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) return mismatch(context, expected);
    const found: A[] = [];
    const errors: t.Errors = [];
    for (let at = 0; at < value.length && errors.length < requestLimits.problemsMax; at += 1) {
      const read = item.validate(value[at], below(context, at, item));
      if (read._tag === 'Left') errors.push(...read.left);
      else found.push(read.right);
    }
    return errors.length > 0 ? t.failures(errors) : t.success(found);
  });
};

interface RecordBounds {
  readonly entriesMax: number;
  readonly keyCharactersMax: number;
}

/** An object of any fields, all of one type. */
export const record = <A>(
  item: Codec<A>,
  { entriesMax, keyCharactersMax }: RecordBounds,
): Codec<Readonly<Record<string, A>>> => {
  const expected = `an object of ${boundsText(0, entriesMax)} fields`;
  const expectedKey = `a field name of ${boundsText(1, keyCharactersMax)} characters`;
  return codec(expected, (value, context) => {
    if (!isObject(value) || Object.keys(value).length > entriesMax) return mismatch(context, expected);
    const found: [string, A][] = [];
    const errors: t.Errors = [];
    for (const [key, entry] of Object.entries(value)) {
      const at = belowForeign(context, key, item);
      const isKey = hasCharacters(key, 1, keyCharactersMax) && isStorable(key);
      const read = isKey ? item.validate(entry, at) : mismatch(at, expectedKey);
      if (read._tag === 'Left') errors.push(...read.left);
      else found.push([key, read.right]);
      if (errors.length >= requestLimits.problemsMax) break;
    }
    return errors.length > 0 ? t.failures(errors) : t.success(Object.fromEntries(found));
  });
};

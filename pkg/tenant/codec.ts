/**
 * The io-ts codecs that everything from outside passes through: manifests, bundle lines, reports, request bodies.
 *
 * Closed objects, sizes checked before contents, and errors that carry a path and a fixed text, never a value. A codec
 * never recurses into input of unknown depth, and stops collecting at `requestLimits.problemsMax` errors.
 */
import * as t from 'io-ts';
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import { requestLimits } from '../process/limits.ts';

/** Its `name` is what an error says was expected. */
export type Codec<A> = t.Type<A>;

/** @param read  returns `t.success(value)` or failures made by `mismatch` */
export const codec = <A>(expected: string, read: (value: unknown, context: t.Context) => t.Validation<A>): Codec<A> =>
  new t.Type(expected, (value): value is A => read(value, nowhere)._tag === 'Right', read, t.identity);

/** The failure of one value. The value itself is not put into the error. */
export const mismatch = (context: t.Context, expected: string): t.Validation<never> =>
  t.failure(undefined, context, expected);

/** A codec for one value that is accepted or not: `read` returns undefined for "not". */
export const scalar = <A extends string | number | bigint | boolean | object | null>(
  expected: string,
  read: (value: unknown) => A | undefined,
): Codec<A> =>
  codec(expected, (value, context) => {
    const found = read(value);
    return found === undefined ? mismatch(context, expected) : t.success(found);
  });

/** @returns the value, or undefined for one that is refused, without a word on why */
export const accepted = <A extends object>(type: Codec<A>, value: unknown): A | undefined => {
  const read = type.validate(value, nowhere);
  return read._tag === 'Right' ? read.right : undefined;
};

/** @returns the value, or the first problems by path below `root` */
export const decode = <A>(type: Codec<A>, value: unknown, root = ''): Parsed<A> => {
  const read = type.validate(value, nowhere);
  if (read._tag === 'Right') return parsed(read.right);
  // Again, now with places: paths are the dearest part, and nearly every value is right.
  const placed = type.validate(value, [{ key: root, type }]);
  return placed._tag === 'Right'
    ? parsed(placed.right)
    : refused(placed.left.slice(0, requestLimits.problemsMax).map(problemOf));
};

/** The same for JSON text. */
export const decodeJson = <A>(type: Codec<A>, json: string): Parsed<A> => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return refused([{ path: '', expected: 'JSON' }]);
  }
  return decode(type, value);
};

const problemOf = (error: t.ValidationError): Problem => ({
  path: error.context.reduce((path, { key }) => joinPath(path, key), ''),
  expected: error.message ?? error.context.at(-1)?.type.name ?? '',
});

/** `a` and `b` make `a.b`; `a` and `[0]` make `a[0]`. */
export const joinPath = (path: string, key: string): string =>
  path === '' || key === '' || key.startsWith('[') ? path + key : `${path}.${key}`;

/** The name of a field as it came from outside, fit for a path: bounded, and free of anything that could mislead. */
export const safeKey = (key: string): string => key.slice(0, 64).replace(/[^A-Za-z0-9_.-]/g, '?') || '?';

/** The context of a first reading, of which only the verdict counts. */
const nowhere: t.Context = [];

/** @param key  a name that is ours, or a place in a list */
export const below = (context: t.Context, key: string | number, type: t.Mixed): t.Context =>
  context === nowhere ? nowhere : t.appendContext(context, typeof key === 'number' ? `[${key}]` : key, type);

/** The same for a name that came from outside. */
export const belowForeign = (context: t.Context, key: string, type: t.Mixed): t.Context =>
  context === nowhere ? nowhere : t.appendContext(context, safeKey(key), type);

/** A codec whose value also has to keep rules between its parts. The rules' paths are relative to it. */
export const ruled = <A>(type: Codec<A>, rules: (value: A) => readonly Problem[]): Codec<A> =>
  codec(type.name, (value, context) => {
    const read = type.validate(value, context);
    if (read._tag === 'Left') return read;
    const broken = rules(read.right);
    if (broken.length === 0) return read;
    return t.failures(
      broken.map(({ path, expected }) => ({
        value: undefined,
        context: below(context, path, type),
        message: expected,
      })),
    );
  });

/** A codec that yields something else than what it reads. */
export const mapped = <A, B>(type: Codec<A>, map: (value: A) => B): Codec<B> =>
  codec(type.name, (value, context) => {
    const read = type.validate(value, context);
    return read._tag === 'Left' ? read : t.success(map(read.right));
  });

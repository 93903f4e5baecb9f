/**
 * Objects of a manifest: closed, and a field that is null is as good as left out, because the API server takes such a field away
 * before it looks at anything. Requests and bundles keep the difference.
 */
import type * as t from 'io-ts';
import { type Codec, codec } from './codec.ts';
import { closed, type Decoded } from './codec-containers.ts';

type Fields = Readonly<Record<string, t.Mixed>>;

/** As `closed`; a null is kept where the field's own codec takes it. */
export const manifestObject = <R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Codec<Decoded<R, O>> => {
  const fields = Object.entries({ ...optional, ...required });
  const never = new Set(fields.filter(([, type]) => !type.is(null)).map(([name]) => name));
  return withoutNulls(closed(required, optional), (name) => never.has(name));
};

/** @param isNever  whether a field of this name is never null */
export const withoutNulls = <A>(type: Codec<A>, isNever: (name: string) => boolean): Codec<A> =>
  codec(type.name, (value, context) => type.validate(dropNulls(value, isNever), context));

const dropNulls = (value: unknown, isNever: (name: string) => boolean): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const isDropped = ([name, field]: readonly [string, unknown]) => field === null && isNever(name);
  const entries = Object.entries(value);
  return entries.some(isDropped) ? Object.fromEntries(entries.filter((entry) => !isDropped(entry))) : value;
};

/**
 * A codec of parsed JSON that gives equal text one value, for as long as anybody holds it: what many tenants declare alike is checked and kept
 * once, and whatever is worked out of it can be found by the object.
 *
 * What is refused is not remembered. JSON writes some numbers as null that are none, so whatever has a null is never taken for something else.
 */
import { hash } from 'node:crypto';
import * as t from 'io-ts';
import { bundleLimits } from '../process/limits.ts';
import { createWeakValues } from '../process/weak-values.ts';
import { type Codec, codec } from './codec.ts';

const hasNull = /[:,[]null/;

export const shared = <A extends object>(type: Codec<A>): Codec<A> => {
  /** By the hash of their text, which may be long. */
  const known = createWeakValues<A>(bundleLimits.sharedValuesMin);
  return codec(type.name, (value, context) => {
    const text = JSON.stringify(value) ?? '';
    if (hasNull.test(text)) return type.validate(value, context);
    const name = hash('sha256', text, 'base64');
    const before = known.get(name);
    if (before !== undefined) return t.success(before);
    const read = type.validate(value, context);
    if (read._tag === 'Right') known.set(name, read.right);
    return read;
  });
};

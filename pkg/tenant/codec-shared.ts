/**
 * A codec of parsed JSON that gives equal text one value, for as long as anybody holds it: what many tenants declare alike is checked and kept
 * once, and whatever is worked out of it can be found by the object.
 *
 * What is refused is not remembered. JSON writes some numbers as null that are none, so whatever has a null is never taken for something else.
 */
import { hash } from 'node:crypto';
import * as t from 'io-ts';
import { bundleLimits } from '../process/limits.ts';
import { type Codec, codec } from './codec.ts';

const hasNull = /[:,[]null/;

/** Holds so many entries at most: those whose value is held elsewhere twice over, and a few. */
export const shared = <A extends object>(type: Codec<A>): Codec<A> => {
  /** By the hash of its text. */
  const known = new Map<string, WeakRef<A>>();
  let sweepAt: number = bundleLimits.sharedValuesMin;

  const sweep = (): void => {
    for (const [id, value] of known) if (value.deref() === undefined) known.delete(id);
    sweepAt = Math.max(bundleLimits.sharedValuesMin, known.size * 2);
  };

  return codec(type.name, (value, context) => {
    const text = JSON.stringify(value) ?? '';
    if (hasNull.test(text)) return type.validate(value, context);
    const id = hash('sha256', text, 'base64');
    const before = known.get(id)?.deref();
    if (before !== undefined) return t.success(before);
    const read = type.validate(value, context);
    if (read._tag === 'Right') {
      known.set(id, new WeakRef(read.right));
      if (known.size >= sweepAt) sweep();
    }
    return read;
  });
};

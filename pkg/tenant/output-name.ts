/**
 * The field of an answer's `output` that an action fills; the answer's own fields are taken.
 */
import { type Codec, ruled } from './codec.ts';
import { identifier, reservedOutputs } from './names.ts';

export const outputName: Codec<string> = ruled(identifier, (name) =>
  reservedOutputs.includes(name) ? [{ path: '', expected: `a name other than ${reservedOutputs.join(', ')}` }] : [],
);

/**
 * A 32-bit hash of a text: FNV-1a over its UTF-16 units from a seed on, and then MurmurHash3's finalizer, so that low bits tell as much as high ones.
 *
 * For tables in memory alone. It is not secret: a table that strangers can fill needs a bound of its own for keys that hash alike.
 */

const fnvPrime = 0x0100_0193;

/** As a constant: found anew on each text, it would cost several times the hash where texts come in many forms. */
const { charCodeAt } = String.prototype;

/** @returns a whole number from -2^31 to 2^31 - 1 */
export const hashText = (text: string, seed: number): number => {
  let hash = seed;
  const { length } = text;
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ charCodeAt.call(text, at), fnvPrime);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
};

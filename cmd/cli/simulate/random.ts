/**
 * Random numbers that a seed repeats: the same scenario and seed make the same bodies in the same order.
 *
 * Good enough to spread keys, and nothing else: never for a key, a nonce or an id that has to be unique between runs.
 */
export interface Random {
  /** @returns a whole number from 0 to `size` - 1; `size` at most 2^53 */
  below(size: number): number;
}

/** Marsaglia, "Xorshift RNGs" (2003), the 32-bit generator with the shifts 13, 17, 5. */
export const createRandom = (seed: number): Random => {
  // Neighbouring seeds are driven apart; zero is the one state that the generator never leaves.
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  for (let warmUp = 0; warmUp < 8; warmUp += 1) next();
  return {
    // 53 bits of two draws.
    below: (size) => Math.floor((((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53) * size),
  };
};

/**
 * How much is hashed for something, counted where node:crypto does it: work instead of time, which no test can rely on.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

export interface HmacWork {
  /** Finished HMACs, of two hashes each. */
  readonly digests: number;
  /** Given to the hashes, the key's blocks and the inner digests included. */
  readonly bytes: number;
}

/** What an HMAC-SHA256 hashes besides its message. */
export const hmacFrameBytes = 64 + 64 + 32;

/** @param run  synchronous, so that nothing else is counted */
export const hmacWork = (run: () => void): HmacWork => {
  const { hash } = crypto;
  let [hashes, bytes] = [0, 0];
  const counting = (...args: Parameters<typeof hash>): ReturnType<typeof hash> => {
    hashes += 1;
    bytes += Buffer.byteLength(args[1]);
    return hash(...args);
  };
  // What has imported it by name sees the change.
  Object.assign(crypto, { hash: counting });
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    Object.assign(crypto, { hash });
    syncBuiltinESMExports();
  }
  return { digests: hashes / 2, bytes };
};

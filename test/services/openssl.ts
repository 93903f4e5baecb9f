/**
 * HMAC-SHA256 by the openssl program: a second opinion on every digest. Where the program lacks, its tests are skipped by name.
 */
import { spawnSync } from 'node:child_process';

/** Reads no more and waits no longer than this for a digest of a few bytes. */
const timeout = 20_000;

const isHere = spawnSync('openssl', ['version'], { timeout }).status === 0;

/** For `testUnless`. */
export const noOpenssl: string | undefined = isHere ? undefined : 'no openssl on the PATH';

/** @returns hex in lower case */
export const opensslHmac = (key: Uint8Array, content: Uint8Array): string => {
  const macopt = `hexkey:${Buffer.from(key).toString('hex')}`;
  const { stdout, stderr, status } = spawnSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', macopt], {
    input: content,
    encoding: 'utf8',
    timeout,
  });
  const hex = /([0-9a-f]{64})\s*$/.exec(stdout)?.[1];
  if (status !== 0 || hex === undefined) throw new Error(`openssl: ${stderr}`);
  return hex;
};

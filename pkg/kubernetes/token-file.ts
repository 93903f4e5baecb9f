/**
 * A bearer token in a file that somebody else replaces, as the kubelet does with a projected token.
 *
 * Read again every minute, as client-go does, and after a 401. When it cannot be read again, the last one goes on being used:
 * it may still be good, and the API server is the one to say.
 */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { NoCredentials } from './api-failure.ts';

export interface TokenFile {
  /** @throws NoCredentials while there never was a token */
  read(): Promise<string>;
  /** The API server refused it: the next `read` looks at the file. */
  distrust(): void;
}

export const createTokenFile = (path: string, clock: Clock): TokenFile => {
  let token: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  return {
    read: async () => {
      if (token !== undefined && clock.now() - readAt < kubernetesLimits.tokenRereadMs) return token;
      try {
        token = await load(path);
        readAt = clock.now();
      } catch (error) {
        if (token === undefined) throw new NoCredentials(error);
      }
      return token;
    },
    distrust: () => {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
};

const load = async (path: string): Promise<string> => {
  const token = (await readFile(path, 'utf8')).trim();
  // What cannot stand in a header is no token; a file in the middle of being written is empty.
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > kubernetesLimits.tokenBytesMax) throw new Error('not a token');
  return token;
};

/** Waits for a server to become ready; never for a length of time. */
import { setTimeout as pause } from 'node:timers/promises';

const readyLimit = { pollMs: 10, polls: 6_000 } as const;

/** Repeats `probe` until it resolves. @throws its last error, after a minute */
export const until = async <T>(what: string, probe: () => Promise<T>): Promise<T> => {
  let last: unknown;
  for (let poll = 0; poll < readyLimit.polls; poll += 1) {
    try {
      return await probe();
    } catch (error) {
      last = error;
    }
    await pause(readyLimit.pollMs);
  }
  throw new Error(`${what} did not become ready`, { cause: last });
};

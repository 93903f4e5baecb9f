/** kubectl on the test's cluster, and waiting by it for states that take minutes rather than moments. */
import { setTimeout as pause } from 'node:timers/promises';
import { type CommandOptions, run } from './command.ts';

/** @returns what it prints, without the last line's end */
export const kubectl = async (args: readonly string[], options?: CommandOptions): Promise<string> =>
  (await run('kubectl', args, options)).trimEnd();

/** Of the release's namespace. @param path  what follows `jsonpath=` */
export const read = (resource: readonly string[], path: string): Promise<string> =>
  kubectl(['get', ...resource, '--output', `jsonpath=${path}`]);

/** Every look is a process or a request: apart enough to leave the machine to the cluster, and three minutes of them. */
const looks = { pauseMs: 300, most: 600 } as const;

/** Repeats `probe` until it resolves. @throws its last error */
export const eventually = async <T>(what: string, probe: () => Promise<T>): Promise<T> => {
  let last: unknown;
  for (let look = 0; look < looks.most; look += 1) {
    try {
      return await probe();
    } catch (error) {
      last = error;
    }
    await pause(looks.pauseMs);
  }
  throw new Error(`${what}: did not come about`, { cause: last });
};

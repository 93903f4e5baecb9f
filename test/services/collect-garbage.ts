/** V8's collector, run to its end: for tests of what is not held. */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

/** A turn first: what was looked at is held until its end. */
export const collectGarbage = async (): Promise<void> => {
  await turn();
  if (typeof gc === 'function') gc();
};

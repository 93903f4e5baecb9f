/**
 * Runs load.ts as a process of its own, so that making load costs the measuring process nothing.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadOrder, LoadResult } from './load.ts';

export const startLoad = async (order: LoadOrder): Promise<LoadResult> => {
  const child = fork(new URL('load.ts', import.meta.url));
  child.send(order);
  const [result]: unknown[] = await once(child, 'message');
  return result as LoadResult;
};

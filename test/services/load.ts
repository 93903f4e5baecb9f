/**
 * Callers that ask without a pause until they are told to stop: what a busy contact centre looks like from here.
 *
 * Each waits for its answer before it asks again; a call that got no answer is kept as a failure, and its caller goes on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from './handler.ts';

export interface Answered {
  readonly answer: Answer;
  /** From the call to the end of its answer. */
  readonly ms: number;
}

export interface LoadResult {
  readonly answered: readonly Answered[];
  /** Calls without an answer. */
  readonly failures: readonly unknown[];
  /** The distinct statuses, in order. */
  readonly statuses: readonly number[];
  readonly slowestMs: number;
}

export interface Load {
  /** How many have this status so far; left out: how many at all. */
  count(status?: number): number;
  /** Resolves when the last call has ended. */
  stop(): Promise<LoadResult>;
}

interface LoadOptions {
  /** Between an answer and the same caller's next call. */
  readonly pauseMs?: number;
}

/** @param ask  of the n-th call, from 0 */
export const startLoad = (
  callers: number,
  ask: (n: number) => Promise<Answer>,
  { pauseMs = 0 }: LoadOptions = {},
): Load => {
  const answered: Answered[] = [];
  const failures: unknown[] = [];
  let asked = 0;
  let stopped = false;

  const call = async (): Promise<void> => {
    const began = performance.now();
    try {
      const answer = await ask(asked++);
      answered.push({ answer, ms: performance.now() - began });
    } catch (error) {
      failures.push(error);
      // A refused connection fails in no time: do not spin.
      await pause(1);
    }
  };
  const caller = async (): Promise<void> => {
    while (!stopped) {
      await call();
      if (pauseMs > 0) await pause(pauseMs);
    }
  };
  const all = Array.from({ length: callers }, caller);

  return {
    count: (status) => answered.filter(({ answer }) => status === undefined || answer.status === status).length,
    stop: async () => {
      stopped = true;
      await Promise.all(all);
      return {
        answered,
        failures,
        statuses: [...new Set(answered.map(({ answer }) => answer.status))].sort((a, b) => a - b),
        slowestMs: Math.max(0, ...answered.map(({ ms }) => ms)),
      };
    },
  };
};

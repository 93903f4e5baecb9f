/**
 * One piece of work that is run again whenever something is new: never twice at once, news that come together in one run, and after a
 * failure again by itself with a growing wait.
 */
import { type Clock, sleep } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';

export interface ReconcileLoop {
  start(): void;
  /** Something is new. */
  trigger(): void;
  /** Milliseconds for which the present run has been going on; 0 between runs. */
  runningMs(): number;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

interface RunOptions {
  readonly clock: Clock;
  readonly random?: () => number;
  readonly run: () => Promise<void>;
  readonly hooks?: {
    readonly onRun?: (result: 'success' | 'error', ms: number, error?: unknown) => void;
  };
}

export const createReconcileLoop = ({ clock, random = Math.random, run, hooks = {} }: RunOptions): ReconcileLoop => {
  const { retryMinMs: minMs, retryMaxMs: maxMs, mergeMs } = controllerLimits;
  const backoff = createBackoff({ minMs, maxMs, random });
  const stopping = new AbortController();
  const { signal } = stopping;
  let news = Promise.withResolvers<void>();
  let startedAt: number | undefined;
  let running: Promise<void> | undefined;

  /** @returns how long to wait at least until the next one */
  const runOnce = async (): Promise<number> => {
    const began = clock.now();
    startedAt = began;
    try {
      await run();
      hooks.onRun?.('success', clock.now() - began);
      backoff.reset();
      return 0;
    } catch (error) {
      hooks.onRun?.('error', clock.now() - began, error);
      news.resolve();
      return backoff.nextMs();
    } finally {
      startedAt = undefined;
    }
  };

  const loop = async (): Promise<void> => {
    let waitMs = 0;
    while (!signal.aborted) {
      await news.promise;
      // Rejects by `stop` alone.
      await sleep(clock, Math.max(mergeMs, waitMs), signal).catch(() => {});
      if (signal.aborted) return;
      news = Promise.withResolvers<void>();
      waitMs = await runOnce();
    }
  };

  return {
    start: () => {
      running ??= loop();
    },
    trigger: () => news.resolve(),
    runningMs: () => (startedAt === undefined ? 0 : clock.now() - startedAt),
    stop: async () => {
      stopping.abort();
      news.resolve();
      await running;
    },
  };
};

/**
 * Removes stored answers that are too old to be repeated, in batches so small that nobody waits for them. Every handler
 * does; rows that another one is removing are left to it. What fails is tried again at the next look.
 */
import type { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { idempotencyLimits } from '../process/limits.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { Database } from './database.ts';
import { cleanStatement } from './idempotency.ts';
import { toAppError } from './pg-error.ts';

interface CleanerOptions {
  readonly database: Pick<Database, 'query'>;
  readonly clock: Clock;
  /** Of one batch. */
  readonly timeoutMs: number;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly hooks?: { onFailure?(error: AppError): void };
}

export interface IdempotencyCleaner {
  start(): void;
  /** Resolves when the batch under way, if any, has ended. */
  stop(): Promise<void>;
}

const { cleanIntervalMs, cleanJitter, cleanRowsMax, cleanBatchesMax } = idempotencyLimits;

export const createIdempotencyCleaner = (options: CleanerOptions): IdempotencyCleaner => {
  const { database, clock, timeoutMs, random, hooks = {} } = options;
  let stopped = false;
  let cancel = () => {};
  let looking: Promise<void> | undefined;

  const removeBatch = async (): Promise<number> => {
    const deadline = createDeadline(clock, timeoutMs);
    const removed = await database
      .query(cleanStatement, [String(cleanRowsMax)], deadline)
      .finally(() => deadline.close());
    return removed.length;
  };

  const look = async (): Promise<void> => {
    for (let batches = 0; batches < cleanBatchesMax && !stopped; batches++) {
      if ((await removeBatch()) < cleanRowsMax) return;
    }
  };

  const schedule = (): void => {
    if (stopped) return;
    cancel = clock.after(cleanIntervalMs * (1 + cleanJitter * (2 * random() - 1)), () => {
      looking = look()
        .catch((error: unknown) => hooks.onFailure?.(toAppError(error)))
        .finally(schedule);
    });
  };

  return {
    start: schedule,
    stop: async () => {
      stopped = true;
      cancel();
      await looking;
    },
  };
};

/**
 * A rate that several processes keep together: each caller waits its turn, in order, for a token of a bucket they share, or,
 * while that cannot be asked, of an own bucket with an equal share of the rate.
 *
 * As many tokens are asked for at once as callers wait, so that no process keeps any it does not use. Who could not have its
 * turn in time is refused at once. Slack: a bucket begins full, so each change between the two can let through what one of
 * them holds, and a shared bucket that is lost likewise.
 */
import { AppError } from '../errors/app-error.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { slotLimits } from '../process/limits.ts';
import type { Deadline } from './deadline.ts';
import { Fifo } from './fifo.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface TokenRequest {
  readonly key: string;
  readonly ratePerSecond: number;
  readonly burst: number;
  readonly wanted: number;
}

export interface TokenGrant {
  /** 0..wanted */
  readonly granted: number;
  /** Until there is another token; 0 where all were granted. */
  readonly waitMs: number;
}

export interface SharedBucket {
  /** Never rejects. @returns undefined while the bucket cannot be asked */
  take(request: TokenRequest): Promise<TokenGrant | undefined>;
}

export interface SharedRateOptions {
  readonly key: string;
  readonly clock: Clock;
  /** 0 <= x < 1; those who wait for the same token do not come back together. */
  readonly random: () => number;
  readonly ratePerSecond: number;
  /** What may come at once, in milliseconds of the rate; at least one token. */
  readonly burstMs: number;
  /** Processes that keep the rate together, at most. */
  readonly shares: number;
  readonly queueMax: number;
  /** Between two looks at an empty bucket; up to as much again at random. */
  readonly pollMinMs: number;
  /** While the shared bucket cannot be asked, it is tried again after this at the latest. */
  readonly lookAgainMs: number;
  readonly shared: SharedBucket | undefined;
}

export interface SharedRate {
  readonly waiting: number;
  /** Resolves when it is the caller's turn.
   * @throws overloaded at once, or deadline_exceeded while waiting */
  turn(deadline: Deadline): Promise<void>;
}

interface Waiter {
  readonly deadline: Deadline;
  readonly start: () => void;
}

export const createSharedRate = (options: SharedRateOptions): SharedRate => {
  const { key, clock, random, ratePerSecond, pollMinMs, lookAgainMs, shared } = options;
  const burst = Math.max(1, Math.floor((ratePerSecond * options.burstMs) / 1_000));
  const own = createTokenBucket(clock, {
    ratePerSecond: ratePerSecond / options.shares,
    burst: Math.max(1, burst / options.shares),
  });
  const queue = new Fifo<Waiter>();
  let serving = false;
  /** What this process got of the rate when it last asked, at best. */
  let ratePerSecondHere = shared ? ratePerSecond : ratePerSecond / options.shares;

  const takeOwn = (wanted: number): TokenGrant => {
    for (let granted = 0; granted < wanted; granted += 1) {
      const waitMs = own.take();
      if (waitMs > 0) return { granted, waitMs };
    }
    return { granted: wanted, waitMs: 0 };
  };

  /** Who left or ran out of time meanwhile costs no token. */
  const start = (turns: number): void => {
    for (let left = turns; left > 0; ) {
      const next = queue.shift();
      if (!next) return;
      if (next.deadline.expired()) continue;
      next.start();
      left -= 1;
    }
  };

  const serve = async (): Promise<void> => {
    serving = true;
    while (queue.size > 0) {
      const wanted = Math.min(queue.size, burst);
      const answer = await shared?.take({ key, ratePerSecond, burst, wanted });
      ratePerSecondHere = answer ? ratePerSecond : ratePerSecond / options.shares;
      const grant = answer ?? takeOwn(wanted);
      start(grant.granted);
      if (grant.granted === wanted) continue;
      const waitMs = shared && !answer ? Math.min(grant.waitMs, lookAgainMs) : grant.waitMs;
      await sleep(clock, Math.max(pollMinMs, waitMs) + pollMinMs * random());
    }
    serving = false;
  };

  const shed = (reason: 'queue_full' | 'wait_too_long', waitMs: number): AppError => {
    const retryAfterMs = Math.max(slotLimits.retryAfterMsMin, Math.ceil(waitMs));
    return new AppError('overloaded', { message: `rate: ${reason}`, retryAfterMs });
  };

  const refusal = (deadline: Deadline): AppError | undefined => {
    // At best: others may wait for the same tokens.
    const waitMs = (queue.size / ratePerSecondHere) * 1_000;
    if (queue.size >= options.queueMax) return shed('queue_full', waitMs);
    return waitMs > deadline.remainingMs() ? shed('wait_too_long', waitMs) : undefined;
  };

  return {
    get waiting() {
      return queue.size;
    },
    turn: (deadline) => {
      if (deadline.expired()) return Promise.reject(new AppError('deadline_exceeded'));
      const refused = refusal(deadline);
      if (refused) return Promise.reject(refused);
      return new Promise((resolve, reject) => {
        const place = queue.push({
          deadline,
          start: () => {
            stopWatching();
            resolve();
          },
        });
        const stopWatching = deadline.onExpire((error) => {
          queue.leave(place);
          reject(error);
        });
        if (!serving) void serve();
      });
    },
  };
};

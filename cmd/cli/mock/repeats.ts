/**
 * Answers of transactions for repeats with the same idempotency key, as PostgreSQL keeps them for the real ones: a repeat waits for
 * the first, another body is refused, and what failed is not kept. In memory, the newest ones only.
 */
import { AppError } from '../../../pkg/errors/app-error.ts';
import type { IdempotencyKey } from '../../../pkg/postgres/idempotency.ts';
import type { Clock } from '../../../pkg/process/clock.ts';
import { idempotencyLimits } from '../../../pkg/process/limits.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';

export interface Repeats {
  /** @param first  makes the answer, unless the key has one
   * @throws idempotency_key_reused; what `first` throws */
  answer(key: IdempotencyKey, first: () => Promise<string>): Promise<string>;
}

interface Held {
  readonly bodyHash: string;
  /** Monotonic milliseconds. */
  readonly until: number;
  /** Undefined: failed, the key is free again. */
  readonly answer: Promise<string | undefined>;
}

const lifeMs = idempotencyLimits.lifeHours * 3_600_000;

export const createRepeats = (clock: Clock): Repeats => {
  const held = new Map<string, Held>();

  const begin = (name: string, bodyHash: string, first: () => Promise<string>): Promise<string> => {
    const answer = first();
    const settled = answer.catch(() => {
      if (held.get(name) === entry) held.delete(name);
      return undefined;
    });
    const entry: Held = { bodyHash, until: clock.now() + lifeMs, answer: settled };
    held.delete(name);
    held.set(name, entry);
    const [oldest = ''] = held.keys();
    if (held.size > mockLimits.keysMax) held.delete(oldest);
    return answer;
  };

  return {
    answer: async ({ tenantId, action, key, bodyHash }, first) => {
      const name = JSON.stringify([tenantId, action, key]);
      // Each turn ends with one of those who wait having begun.
      for (;;) {
        const entry = held.get(name);
        if (!entry || entry.until <= clock.now()) return begin(name, bodyHash, first);
        const answer = await entry.answer;
        if (answer === undefined) continue;
        if (entry.bodyHash !== bodyHash) throw new AppError('idempotency_key_reused');
        return answer;
      }
    },
  };
};

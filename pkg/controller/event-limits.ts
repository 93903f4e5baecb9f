/**
 * How many Events are written: few of one object, few of all together, and none twice in a row. What is over it is not told, and counted.
 */
import type { Clock } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import { createTokenBucket } from '../resilience/token-bucket.ts';
import type { EventText } from './events.ts';

export interface EventLimits {
  /** @param key  of the object */
  admit(key: string, event: EventText): boolean;
  /** The object is gone. */
  forget(key: string): void;
}

interface ObjectEvents {
  readonly bucket: ReturnType<typeof createTokenBucket>;
  last: string | undefined;
}

export const createEventLimits = (clock: Clock): EventLimits => {
  const { eventsBurst, eventsEveryMs, eventsTogetherBurst, eventsTogetherEveryMs } = controllerLimits;
  const bucketOf = (everyMs: number, burst: number) =>
    createTokenBucket(clock, { ratePerSecond: 1_000 / everyMs, burst });
  const together = bucketOf(eventsTogetherEveryMs, eventsTogetherBurst);
  const objects = new Map<string, ObjectEvents>();

  const eventsOf = (key: string): ObjectEvents => {
    const known = objects.get(key);
    if (known !== undefined) return known;
    const fresh = { bucket: bucketOf(eventsEveryMs, eventsBurst), last: undefined };
    objects.set(key, fresh);
    return fresh;
  };

  return {
    admit: (key, { reason, note }) => {
      const events = eventsOf(key);
      const text = `${reason} ${note}`;
      if (events.last === text || events.bucket.take() > 0 || together.take() > 0) return false;
      events.last = text;
      return true;
    },
    forget: (key) => void objects.delete(key),
  };
};

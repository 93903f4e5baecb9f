/**
 * Removals from Redis, those of one moment as one command: of one change there is often more than one piece of news (a trigger's
 * beside the transaction's own), heard in one go, and many changes are heard in one packet.
 *
 * A moment is what runs to the next microtask: nothing that is asked after a transaction was answered can overtake its removal.
 */
import type { CacheGroup } from './group.ts';
import type { RedisTier } from './redis-tier.ts';

interface Removal {
  readonly group: CacheGroup;
  readonly keys: Set<string>;
  /** Wall milliseconds; of the last change. */
  at: number;
}

interface RemovalsOptions {
  readonly redis: Pick<RedisTier, 'remove'>;
  /** Of one command. */
  readonly keysMax: number;
  readonly onEnd: (group: CacheGroup, keys: readonly string[], result: { at: number; removed: boolean }) => void;
}

/** @returns to be called for each change, with the time before which what was read is void */
export const createRedisRemovals = ({ redis, keysMax, onEnd }: RemovalsOptions) => {
  /** By the group's prefix; each is gone with its microtask. */
  const waiting = new Map<string, Removal>();

  const flush = async (prefix: string): Promise<void> => {
    const removal = waiting.get(prefix);
    waiting.delete(prefix);
    if (removal === undefined) return;
    const { group, at } = removal;
    const keys = [...removal.keys];
    onEnd(group, keys, { at, removed: await redis.remove(group, keys, at) });
  };

  return (group: CacheGroup, keys: readonly string[], at: number): void => {
    const { prefix } = group;
    const fits = (waiting.get(prefix)?.keys.size ?? 0) + keys.length <= keysMax;
    if (!fits) void flush(prefix);
    const removal = waiting.get(prefix) ?? { group, keys: new Set(), at };
    if (!waiting.has(prefix)) queueMicrotask(() => void flush(prefix));
    waiting.set(prefix, removal);
    removal.at = at;
    for (const key of keys) removal.keys.add(key);
  };
};

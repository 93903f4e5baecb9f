/**
 * Writes to Redis, those of one turn of the event loop as one, whichever the groups.
 *
 * That they are late by a turn is harmless: Redis keeps what was read later, and what was removed after an entry was read, in whichever order
 * they come. Memory has the entries meanwhile; of a handler that ends in the turn, the rows are read again. No more waits than the requests in
 * flight have read, and for no longer than the turn.
 */
import { endOfTurn } from '../resilience/coalescer.ts';
import type { GroupEntries, RedisTier } from './redis-tier.ts';

export const createRedisWrites = (redis: Pick<RedisTier, 'write'>): ((write: GroupEntries) => void) => {
  let waiting: GroupEntries[] = [];

  const flush = (): void => {
    const writes = waiting;
    waiting = [];
    void redis.write(writes);
  };

  return (write) => {
    waiting.push(write);
    if (waiting.length === 1) endOfTurn(flush);
  };
};

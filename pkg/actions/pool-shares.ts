/**
 * What one tenant may hold of the pool, so that its slow statements do not hold up the others. Kept by tenant id: a share outlives a change
 * of the configuration, as the statements do that are under way.
 *
 * Lookups and transactions have a share each: those that wait for a lock must not be in the way of the same tenant's lookups. What several
 * tenants share has one of its own.
 */
import type { Clock } from '../process/clock.ts';
import { databaseLimits, sharedReadLimits } from '../process/limits.ts';
import { createSlots, type Slots } from '../resilience/slots.ts';
import { LaterSlots } from './later-slots.ts';

/** So many connections at a time; who comes then waits, or is refused. */
export type PoolShare = Pick<Slots, 'use'>;

export interface TenantShares {
  readonly lookups: PoolShare;
  readonly transactions: PoolShare;
}

export interface PoolShares {
  /** Of statements that lookups of several tenants share. Whom it turns away reads alone. */
  readonly sharedReads: PoolShare;
  of(tenantId: string): TenantShares;
  /** For a tenant that is gone; what it has under way ends as it would have. */
  forget(tenantId: string): void;
}

interface PoolSharesOptions {
  readonly clock: Clock;
  readonly poolMax: number;
  /** Waiters in front of one share. */
  readonly queueMax: number;
}

export const createPoolShares = ({ clock, poolMax, queueMax }: PoolSharesOptions): PoolShares => {
  const shares = new Map<string, TenantShares>();
  const opening = (part: number) => (): Slots =>
    createSlots({ clock, slots: Math.max(1, Math.floor(poolMax * part)), queueMax });
  const openLookups = opening(databaseLimits.tenantLookupShare);
  const openTransactions = opening(databaseLimits.tenantTransactionShare);
  return {
    sharedReads: new LaterSlots(opening(sharedReadLimits.poolShare)),
    of: (tenantId) => {
      const held = shares.get(tenantId);
      if (held) return held;
      const made = { lookups: new LaterSlots(openLookups), transactions: new LaterSlots(openTransactions) };
      shares.set(tenantId, made);
      return made;
    },
    forget: (tenantId) => void shares.delete(tenantId),
  };
};

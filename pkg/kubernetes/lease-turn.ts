/**
 * What to do about a Lease, from what was seen of it and when. Pure. After client-go's leaderelection.
 *
 * Whether a holder is silent is judged by how long its record has not changed *here*: the clocks of two pods, and what they
 * write into the record, do not matter. A candidate that is not fit to lead waits for as long again, for one that is.
 */
import type { SeenLease } from './leases.ts';

export interface Observation {
  readonly seen: SeenLease;
  /** Monotonic time at which this record was first seen. */
  readonly at: number;
}

export type LeaseTurn =
  /** Somebody else holds it. */
  | { readonly kind: 'wait' }
  /** Ours, or free, or its holder has been silent for too long. */
  | { readonly kind: 'claim'; readonly transitions: number; readonly isOurs: boolean };

export interface Candidate {
  readonly identity: string;
  readonly isFit: boolean;
}

export const leaseTurn = ({ seen, at }: Observation, { identity, isFit }: Candidate, now: number): LeaseTurn => {
  const { holder, durationMs, transitions } = seen.record;
  if (holder === identity) return { kind: 'claim', transitions, isOurs: true };
  const freeAt = holder === '' ? at : at + durationMs;
  if (now < (isFit ? freeAt : freeAt + durationMs)) return { kind: 'wait' };
  return { kind: 'claim', transitions: transitions + 1, isOurs: false };
};

/** The same record stays observed since when it was first seen. */
export const observe = (known: Observation | undefined, seen: SeenLease, now: number): Observation =>
  known !== undefined && isSameRecord(known.seen, seen) ? { seen, at: known.at } : { seen, at: now };

const isSameRecord = ({ record: a }: SeenLease, { record: b }: SeenLease): boolean =>
  a.holder === b.holder &&
  a.renewTime === b.renewTime &&
  a.acquireTime === b.acquireTime &&
  a.transitions === b.transitions &&
  a.durationMs === b.durationMs;

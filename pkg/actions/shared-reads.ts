/**
 * Readings by the same declared statement in one statement, whichever their tenants: beside many other lookups, a statement for each is most of what
 * they cost, here and in PostgreSQL. What comes while as many are under way as may be forms the next; nobody waits on a timer.
 *
 * Only what has been seen to be quick is read so. A statement that takes long all the same is not waited for: its readings go on alone, and so
 * does for a while whatever was in it, until it has been quick by itself. Nothing is written here, so that reading twice does no harm.
 */
import type { Database } from '../postgres/database.ts';
import { type KeyedRow, type LookupStatement, runLookup, runLookupsTogether } from '../postgres/lookup-statement.ts';
import { isSessionSuspect, isStatementFault } from '../postgres/pg-error.ts';
import type { BoundValue } from '../postgres/statement.ts';
import type { Clock } from '../process/clock.ts';
import { bundleLimits, databaseLimits } from '../process/limits.ts';
import { createWeakValues } from '../process/weak-values.ts';
import { endOfTurn } from '../resilience/coalescer.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { createKeyedCoalescers } from '../resilience/keyed-coalescers.ts';
import type { Slots } from '../resilience/slots.ts';
import { createTimedSet } from '../resilience/timed-set.ts';
import { ReadPace, unitsOf } from './read-pace.ts';

export interface Reading {
  /** Whose slowness is told from others': a tenant's lookup. */
  readonly scope: string;
  readonly lookup: LookupStatement;
  readonly values: readonly BoundValue[];
  /** How many are asked for. */
  readonly keys: number;
  /** Whose keys they are. */
  readonly requests: number;
  readonly deadline: Deadline;
  /** What a statement of its own holds of the pool; left out: as much as there is. */
  readonly share?: Slots | undefined;
}

export interface SharedReads {
  /** @throws AppError */
  read(reading: Reading): Promise<readonly KeyedRow[]>;
}

type Rows = readonly KeyedRow[];

interface SharedReadsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly hooks?: {
    /** Of so many requests is a statement. */
    onBatch?(requests: number): void;
  };
}

export const createSharedReads = ({ database, clock, hooks = {} }: SharedReadsOptions): SharedReads => {
  /** Undefined: to be read alone. */
  const coalescers = createKeyedCoalescers<Reading, Rows | undefined>();
  const paces = new WeakMap<LookupStatement, ReadPace>();
  const pacesByText = createWeakValues<ReadPace>(bundleLimits.sharedValuesMin);
  const alone = createTimedSet(clock, databaseLimits.aloneMax);

  const paceOf = (lookup: LookupStatement): ReadPace => {
    const known = paces.get(lookup);
    if (known) return known;
    const { name } = lookup.together();
    const pace = pacesByText.get(name) ?? new ReadPace();
    pacesByText.set(name, pace);
    paces.set(lookup, pace);
    return pace;
  };

  const costOf = ({ lookup, keys }: Reading): number =>
    paceOf(lookup).costMs(unitsOf(keys)) ?? Number.POSITIVE_INFINITY;

  const readAlone = ({ scope, lookup, values, requests, deadline, share }: Reading): Promise<Rows> => {
    const query = async (): Promise<Rows> => {
      hooks.onBatch?.(requests);
      const began = clock.now();
      const tookLong = () => clock.now() - began > databaseLimits.sharedReadPatienceMs;
      try {
        const rows = await runLookup(database, lookup, { values, deadline });
        paceOf(lookup).noteAlone(clock.now() - began);
        if (tookLong()) alone.add(scope, databaseLimits.aloneAfterSlowMs);
        else alone.delete(scope);
        return rows;
      } catch (error) {
        if (isStatementFault(error) || tookLong()) alone.add(scope, databaseLimits.aloneAfterSlowMs);
        throw error;
      }
    };
    return share?.use(deadline, query) ?? query();
  };

  /** Undefined when it is not there in time. */
  const inPatience = <T>(work: Promise<T>): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      // One turn more, so that an answer is read that has come while this process stood still.
      const cancel = clock.after(databaseLimits.sharedReadPatienceMs, () => endOfTurn(() => resolve(undefined)));
      work.then(resolve, reject).finally(cancel);
    });

  const goAlone = (readings: readonly Reading[]): readonly undefined[] => {
    for (const { scope } of readings) alone.add(scope, databaseLimits.aloneAfterSlowMs);
    return readings.map(() => undefined);
  };

  const readTogether = async (readings: readonly Reading[]): Promise<readonly (Rows | undefined)[]> => {
    const [first] = readings;
    if (!first) return [];
    const { lookup } = first;
    hooks.onBatch?.(readings.reduce((sum, { requests }) => sum + requests, 0));
    const began = clock.now();
    const deadline = readings.map((reading) => reading.deadline).reduce((a, b) => (a.expiresAt > b.expiresAt ? a : b));
    const work = runLookupsTogether(database, lookup, { readings: readings.map(({ values }) => values), deadline });
    try {
      const found = await inPatience(work);
      const units = readings.reduce((sum, { keys }) => sum + unitsOf(keys), 0);
      if (found) paceOf(lookup).noteTogether(units, clock.now() - began);
      else paceOf(lookup).noteLate();
      return found ?? goAlone(readings);
    } catch (error) {
      if (!isStatementFault(error)) throw error;
      // Whose fault it is shows when each is read alone, but for what PostgreSQL will never take so.
      if (isSessionSuspect(error)) alone.add(lookup.together().name, databaseLimits.aloneAfterRefusalMs);
      return goAlone(readings);
    }
  };

  const runs = {
    run: readTogether,
    sizeOf: costOf,
    jobsMax: databaseLimits.sharedReadingsMax,
    sizeMax: databaseLimits.sharedReadMsMax,
    queueMax: databaseLimits.queueMax,
    inFlightMax: databaseLimits.sharedReadsInFlightMax,
    isPoison: () => false,
    begin: endOfTurn,
  };

  const mayShare = ({ scope, lookup, keys }: Reading): boolean => {
    const { name } = lookup.together();
    if (keys > databaseLimits.sharedReadingKeysMax || alone.has(scope) || alone.has(name)) return false;
    const pace = paceOf(lookup);
    const mostMs = pace.costMs(unitsOf(databaseLimits.sharedReadingKeysMax));
    if (mostMs === undefined) return false;
    if (mostMs <= databaseLimits.sharedReadMsMax) return true;
    // To be tried again later: it may have been a slow time of PostgreSQL's.
    alone.add(name, databaseLimits.aloneAfterSlowMs);
    pace.forgetTogether();
    return false;
  };

  return {
    read: async (reading) => {
      if (!mayShare(reading)) return readAlone(reading);
      const { lookup, deadline } = reading;
      const rows = await coalescers.submit(lookup.together().name, () => runs, { job: reading, deadline });
      return rows ?? readAlone(reading);
    },
  };
};

/**
 * Readings by the same declared statement in one statement, whichever their tenants: beside many other lookups, a statement for each is most of what
 * they cost, here and in PostgreSQL. What comes while as many are under way as may be forms the next; nobody waits on a timer.
 *
 * Only plain texts are read so, and only by whom was seen to be quick. A shared statement that fails or takes long is not waited for: each of its
 * readings goes on alone, and the text rests for a while. A plain text writes nothing, so that reading twice does no harm.
 */
import type { Database } from '../postgres/database.ts';
import { type KeyedRow, type LookupStatement, runLookup, runLookupsTogether } from '../postgres/lookup-statement.ts';
import { isStatementFault } from '../postgres/pg-error.ts';
import type { BoundValue, Statement } from '../postgres/statement.ts';
import type { Clock } from '../process/clock.ts';
import { bundleLimits, databaseLimits, sharedReadLimits } from '../process/limits.ts';
import { createWeakValues } from '../process/weak-values.ts';
import { endOfTurn } from '../resilience/coalescer.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { KeyedCoalescers } from '../resilience/keyed-coalescers.ts';
import type { Slots } from '../resilience/slots.ts';
import { createTimedSet } from '../resilience/timed-set.ts';
import { createPlainTexts } from './plain-texts.ts';
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

/** `shared`, or alone. `retried`: after waiting for a shared statement in vain. */
export type SharingResult = 'shared' | 'retried' | AloneReason;

/** not_plain: by its text or its plan. unknown: the plan, or how long a reading takes, was not seen yet. slow: the lookup, or its rows. resting: no
 * shared statement is begun for now, as one failed, took long or still runs though nobody waits for it. large: many keys. */
type AloneReason = 'not_plain' | 'unknown' | 'slow' | 'resting' | 'large';

export interface SharedReadsOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** What all shared statements that somebody waits for hold of the pool together. */
  readonly poolShare: Slots;
  readonly hooks?: {
    /** Of so many requests is a statement. */
    onBatch?(requests: number): void;
    onReading?(result: SharingResult): void;
  };
}

type Rows = readonly KeyedRow[];

const sumOf = (readings: readonly Reading[], figure: (reading: Reading) => number): number =>
  readings.reduce((sum, reading) => sum + figure(reading), 0);

export const createSharedReads = ({ database, clock, poolShare, hooks = {} }: SharedReadsOptions): SharedReads => {
  const paces = new WeakMap<LookupStatement, ReadPace>();
  const pacesByText = createWeakValues<ReadPace>(bundleLimits.sharedValuesMin);
  const slow = createTimedSet(clock, sharedReadLimits.rememberedMax);
  const resting = createTimedSet(clock, sharedReadLimits.rememberedMax);
  const plainTexts = createPlainTexts({ database, clock });
  /** Statements that nobody waits for any more. */
  let abandoned = 0;

  const paceOf = (lookup: LookupStatement): ReadPace => {
    const known = paces.get(lookup);
    if (known) return known;
    const { name } = lookup.statement;
    const pace = pacesByText.get(name) ?? new ReadPace();
    pacesByText.set(name, pace);
    paces.set(lookup, pace);
    return pace;
  };

  const readAlone = (reading: Reading): Promise<Rows> => {
    const { scope, lookup, values, requests, deadline } = reading;
    const pace = paceOf(lookup);
    const query = async (): Promise<Rows> => {
      let began = clock.now();
      const onStart = () => {
        began = clock.now();
        hooks.onBatch?.(requests);
      };
      const mark = (ms: number, failed: boolean): void => {
        if (failed || pace.isSlow(ms)) slow.add(scope, sharedReadLimits.aloneAfterSlowMs);
      };
      try {
        const rows = await runLookup(database, lookup, { values, deadline, onStart });
        mark(clock.now() - began, false);
        pace.noteAlone(clock.now() - began);
        return rows;
      } catch (error) {
        mark(clock.now() - began, isStatementFault(error));
        throw error;
      }
    };
    return reading.share?.use(deadline, query) ?? query();
  };

  const rest = (text: string, ms: () => number): void => {
    if (!resting.has(text)) resting.add(text, ms());
  };

  /** @returns undefined when it is not there in time, counted from when it has its place in the pool
   * @param onStart  called then */
  const inPatience = async <T>(
    start: (onStart: () => void) => Promise<T>,
    onStart: () => void,
  ): Promise<T | undefined> => {
    const late = Promise.withResolvers<undefined>();
    let cancel = () => {};
    const giveUp = (): void => {
      late.resolve(undefined);
      abandoned += 1;
      const end = () => {
        abandoned -= 1;
      };
      work.then(end, end);
    };
    const work = start(() => {
      onStart();
      // One turn more, so that an answer is read that has come while this process stood still.
      cancel = clock.after(sharedReadLimits.patienceMs, () => endOfTurn(giveUp));
    });
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  };

  const mayBegin = (text: string): boolean => !resting.has(text) && abandoned < sharedReadLimits.abandonedMax;

  /** Undefined: each has to read alone. Who waits for the pool in vain would wait so for a place of its own: that is thrown. */
  const readTogether = async (
    readings: readonly Reading[],
    together: Statement,
  ): Promise<readonly Rows[] | undefined> => {
    const [first] = readings;
    if (!first) return undefined;
    const pace = paceOf(first.lookup);
    const values = readings.map((reading) => reading.values);
    const deadline = readings.map((reading) => reading.deadline).reduce((a, b) => (a.expiresAt > b.expiresAt ? a : b));
    let admitted = false;
    let began: number | undefined;
    const onBegin = () => {
      began = clock.now();
      hooks.onBatch?.(sumOf(readings, ({ requests }) => requests));
    };
    const run = (onStart: () => void) =>
      runLookupsTogether(database, together, { readings: values, deadline, onStart });
    try {
      // What was slow or failed while it waited for its turn is not begun.
      const found = await poolShare.use(deadline, async () => {
        admitted = mayBegin(together.name);
        if (!admitted) return undefined;
        const rows = await inPatience(run, onBegin);
        if (!rows) rest(together.name, () => pace.noteFailure());
        return rows;
      });
      const units = sumOf(readings, ({ keys }) => unitsOf(keys));
      if (found && began !== undefined) pace.noteTogether(units, clock.now() - began);
      return found;
    } catch (error) {
      if (!admitted) return undefined;
      if (began === undefined) throw error;
      // Where the database is away that says nothing of the text.
      rest(together.name, () => (isStatementFault(error) ? pace.noteFailure() : sharedReadLimits.restMsMin));
      return undefined;
    }
  };

  /** By text. Undefined: to be read alone. */
  const coalescers = new KeyedCoalescers<Statement, Reading, Rows | undefined>(clock, {
    run: async (together, readings) => {
      const quick = readings.filter(({ scope }) => !slow.has(scope));
      const found = await readTogether(quick, together);
      const rowsOf = new Map(quick.map((reading, place) => [reading, found?.[place]]));
      return readings.map((reading) => rowsOf.get(reading));
    },
    sizeOf: ({ lookup, keys }) => paceOf(lookup).costMs(unitsOf(keys)) ?? 0,
    jobsMax: sharedReadLimits.readingsMax,
    sizeMax: sharedReadLimits.extraMsMax,
    queueMax: databaseLimits.queueMax,
    inFlightMax: sharedReadLimits.inFlightMax,
    isPoison: () => false,
    begin: endOfTurn,
  });

  const sharedBy = ({ scope, lookup, keys }: Reading): Statement | AloneReason => {
    if (keys > sharedReadLimits.readingKeysMax) return 'large';
    if (slow.has(scope)) return 'slow';
    const together = lookup.together();
    if (!together) return 'not_plain';
    if (!mayBegin(together.name)) return 'resting';
    const plainness = plainTexts.plainness(lookup, together.name);
    if (plainness !== 'plain') return plainness;
    const pace = paceOf(lookup);
    const mostMs = pace.costMs(unitsOf(sharedReadLimits.readingKeysMax));
    if (mostMs === undefined) return 'unknown';
    if (mostMs <= sharedReadLimits.extraMsMax) return together;
    // To be tried again later: it may have been a slow time of PostgreSQL's.
    rest(together.name, () => sharedReadLimits.restOfHeavyMs);
    pace.forgetTogether();
    return 'slow';
  };

  return {
    read: async (reading) => {
      const together = sharedBy(reading);
      if (typeof together === 'string') {
        hooks.onReading?.(together);
        return readAlone(reading);
      }
      const work = { context: together, job: reading, deadline: reading.deadline };
      const rows = await coalescers.submit(together.name, work);
      hooks.onReading?.(rows ? 'shared' : 'retried');
      return rows ?? readAlone(reading);
    },
  };
};

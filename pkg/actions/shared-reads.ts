/**
 * Requests by the same declared statement in one statement, whichever their tenants: beside other lookups, a statement for each is most of
 * what they cost, here and in PostgreSQL. What comes while as many are under way as may be forms the next; nobody waits on a timer.
 *
 * Only plain texts are read so, and not by whom was seen to be slow. Where PostgreSQL refuses a shared statement, or ends it because it takes long,
 * nothing of it holds: each goes on alone, and the text rests for a while.
 */
import type { Cache } from '../cache/two-tier.ts';
import { type AppError, isAppError } from '../errors/app-error.ts';
import type { Database } from '../postgres/database.ts';
import type { LookupStatement } from '../postgres/lookup-statement.ts';
import { toAppError } from '../postgres/pg-error.ts';
import { createPlanFacts } from '../postgres/plan-facts.ts';
import { isPlanPlain, runSharedLookup, type SharedForm } from '../postgres/shared-lookup.ts';
import type { Clock } from '../process/clock.ts';
import { bundleLimits, databaseLimits, sharedReadLimits } from '../process/limits.ts';
import { createWeakValues } from '../process/weak-values.ts';
import { endOfTurn } from '../resilience/coalescer.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { KeyedCoalescers } from '../resilience/keyed-coalescers.ts';
import { createTimedSet } from '../resilience/timed-set.ts';
import { GroupReading, type KeyedRows, latestDeadline, type ReadJob, type ReadPlan } from './group-reading.ts';
import type { PoolShare } from './pool-shares.ts';
import type { QueryTimer } from './query-timer.ts';
import { ReadPace, unitsOf } from './read-pace.ts';
import { createSlowLookups } from './slow-lookups.ts';

/** not_plain: by its text or its plan. unknown: the plan was not seen yet. slow: the lookup, or its rows. resting: no shared statement is begun for
 * now, as one failed or took long. large: many keys. */
export type AloneReason = 'not_plain' | 'unknown' | 'slow' | 'resting' | 'large';

export interface SharedReads {
  /** @returns undefined, and nothing holds, where it has to be read alone after all
   * @throws AppError */
  read(form: SharedForm, plan: ReadPlan, job: ReadJob): Promise<KeyedRows | undefined>;
  /** @returns what it may share, or why it is to be read alone */
  formFor(plan: ReadPlan, keys: number): SharedForm | AloneReason;
  /** A statement of its own, which began then, has ended now: with its rows, by its time-out, or refused. */
  noteAlone(plan: ReadPlan, began: number, end: 'read' | 'refused'): void;
}

export interface SharedReadsOptions {
  readonly database: Database;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly timer: QueryTimer;
  /** What all shared statements hold of the pool together. */
  readonly poolShare: PoolShare;
  /** In flight in this process: as many may wait for one text. */
  readonly requestsMax: number;
  readonly hooks?: {
    /** Of so many requests is a statement. */
    onBatch?(requests: number): void;
    onReading?(result: 'shared'): void;
  };
}

interface Request {
  readonly plan: ReadPlan;
  readonly job: ReadJob;
}

const sumOf = (readings: readonly GroupReading[], figure: (reading: GroupReading) => number): number =>
  readings.reduce((sum, reading) => sum + figure(reading), 0);

export const createSharedReads = ({
  database,
  cache,
  clock,
  timer,
  poolShare,
  requestsMax,
  hooks = {},
}: SharedReadsOptions): SharedReads => {
  const paces = new WeakMap<LookupStatement, ReadPace>();
  const pacesByText = createWeakValues<ReadPace>(bundleLimits.sharedValuesMin);
  const slow = createSlowLookups(clock);
  const resting = createTimedSet(clock, sharedReadLimits.rememberedMax);
  const plainTexts = createPlanFacts(clock, (form: SharedForm, deadline) => isPlanPlain(database, form, deadline));

  const paceOf = (lookup: LookupStatement): ReadPace => {
    const known = paces.get(lookup);
    if (known) return known;
    const { name } = lookup.statement;
    const pace = pacesByText.get(name) ?? new ReadPace();
    pacesByText.set(name, pace);
    paces.set(lookup, pace);
    return pace;
  };

  const rest = (text: string, ms: () => number): void => {
    if (!resting.has(text)) resting.add(text, ms());
  };

  const restAfter = (form: SharedForm, lookup: LookupStatement, refused: AppError): void => {
    // Where the database cannot serve that says nothing of the text.
    const isItsOwn = isAppError(refused, 'statement_failed', 'deadline_exceeded');
    rest(form.statement.name, () => (isItsOwn ? paceOf(lookup).noteFailure() : sharedReadLimits.restMsMin));
  };

  const runTogether = async (form: SharedForm, readings: readonly GroupReading[], deadline: Deadline) => {
    let began = clock.now();
    const outcome = await runSharedLookup(database, form, {
      readings: readings.map((reading) => reading.values()),
      records: readings.flatMap(({ records }) => records),
      deadline,
      onStart: () => {
        began = clock.now();
        hooks.onBatch?.(sumOf(readings, ({ records }) => records.length));
      },
    });
    const [first] = readings;
    if (first === undefined) return outcome;
    if ('found' in outcome) {
      // By its time here: with a slow commit it says nothing against whoever waited meanwhile.
      const now = clock.now();
      if (now - began < sharedReadLimits.patienceMs) paceOf(first.plan.lookup).noteQuick(began, now);
      return outcome;
    }
    // Before the next in line is asked whether it may begin.
    restAfter(form, first.plan.lookup, outcome.refused);
    for (const { plan } of readings) slow.suspect(plan.group.scope);
    return outcome;
  };

  /** Undefined: it was turned away, or the text began to rest while it waited for its turn. */
  const runInTurn = async (form: SharedForm, readings: readonly GroupReading[], deadline: Deadline) => {
    let admitted = false;
    const end = timer.start();
    try {
      const outcome = await poolShare.use(deadline, async () => {
        admitted = !resting.has(form.statement.name);
        return admitted ? runTogether(form, readings, deadline) : undefined;
      });
      if (outcome && 'found' in outcome) for (const { plan } of readings) end(plan.group.tenantId);
      return outcome;
    } catch (error) {
      // Who waits for the pool in vain would wait so for a place of its own.
      if (!admitted) return undefined;
      for (const { plan } of readings) end(plan.group.tenantId, toAppError(error));
      throw error;
    }
  };

  /** @returns those that have their rows, which are kept */
  const readTogether = async (form: SharedForm, readings: readonly GroupReading[], deadline: Deadline) => {
    const [first] = readings;
    const outcome = first && (await runInTurn(form, readings, deadline));
    if (!outcome || 'refused' in outcome) return [];
    const units = sumOf(readings, ({ size }) => unitsOf(size));
    paceOf(first.plan.lookup).noteTogether(units, outcome.ms);
    return readings.filter((reading, place) => {
      const isRead = reading.take(outcome.found[place] ?? []);
      if (isRead) {
        reading.keep();
        hooks.onReading?.('shared');
      } else slow.suspect(reading.plan.group.scope);
      return isRead;
    });
  };

  /** By text. */
  const coalescers = new KeyedCoalescers<SharedForm, Request, KeyedRows | undefined>({
    run: async (form, requests) => {
      const deadline = latestDeadline(requests.map(({ job }) => job));
      const readings = new Map<string, GroupReading>();
      const now = clock.wall();
      const joined = requests.map(({ plan, job }) => {
        if (slow.has(plan.group.scope)) return undefined;
        const reading = readings.get(plan.group.prefix) ?? new GroupReading(plan, cache);
        readings.set(plan.group.prefix, reading);
        reading.add(job, now);
        return reading;
      });
      const read = new Set(deadline && (await readTogether(form, [...readings.values()], deadline)));
      return joined.map((reading) => (reading && read.has(reading) ? reading.rows() : undefined));
    },
    sizeOf: ({ plan, job }) => paceOf(plan.lookup).costMs(unitsOf(job.keys.length)),
    jobsMax: databaseLimits.batchRequestsMax,
    sizeMax: sharedReadLimits.extraMsMax,
    queueMax: requestsMax,
    inFlightMax: sharedReadLimits.inFlightMax,
    isPoison: () => false,
    begin: endOfTurn,
  });

  return {
    read: (form, plan, job) =>
      coalescers.submit(form.statement.name, { context: form, job: { plan, job }, deadline: job.deadline }),
    formFor: (plan, keys) => {
      const { lookup } = plan;
      if (keys > sharedReadLimits.readingKeysMax) return 'large';
      if (slow.has(plan.group.scope)) return 'slow';
      if (!lookup.shared) return 'not_plain';
      const form = lookup.shared();
      const { name } = form.statement;
      if (resting.has(name)) return 'resting';
      const isPlain = plainTexts.of(name, form);
      if (isPlain !== 'yes') return isPlain === 'no' ? 'not_plain' : 'unknown';
      const pace = paceOf(lookup);
      if (pace.costMs(unitsOf(sharedReadLimits.readingKeysMax)) <= sharedReadLimits.extraMsMax) return form;
      // To be tried again later: it may have been a slow time of PostgreSQL's.
      rest(name, () => sharedReadLimits.restOfHeavyMs);
      pace.forgetTogether();
      return 'slow';
    },
    noteAlone: ({ group, lookup }, began, end) => slow.noteAlone(group.scope, paceOf(lookup), began, end),
  };
};

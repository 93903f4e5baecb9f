/**
 * Reads keys that no cache had: requests of one tenant for one action share a statement, two at a time, so that one is made up while the
 * other is on its way. The next batch is what arrived meanwhile, and starts by taking what those before have just put into the cache.
 *
 * The statement brings the audit rows along, in one round trip. Beside other lookups that would be a statement and a commit for each of
 * them: then plain ones share both (shared-reads.ts), and of the others the audit rows go into the commit that all tenants share. So they do where
 * PostgreSQL refuses the statement that brings them.
 */
import type { CacheGroup } from '../cache/group.ts';
import type { Cache } from '../cache/two-tier.ts';
import { AppError, isAppError } from '../errors/app-error.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { Database } from '../postgres/database.ts';
import type { KeptPlans } from '../postgres/kept-plan.ts';
import { areTooMany, type KeyedRow } from '../postgres/lookup-rows.ts';
import { runLookup } from '../postgres/lookup-statement.ts';
import { isStatementFault, isValueFault } from '../postgres/pg-error.ts';
import type { Clock } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import { endOfTurn } from '../resilience/coalescer.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { KeyedCoalescers } from '../resilience/keyed-coalescers.ts';
import { RecentKeys } from '../resilience/recent-keys.ts';
import { GroupReading, type KeyedRows, latestDeadline, type ReadJob, type ReadPlan } from './group-reading.ts';
import type { PoolShare } from './pool-shares.ts';
import type { QueryTimer } from './query-timer.ts';
import { type AloneReason, createSharedReads } from './shared-reads.ts';

/** `shared`, or by itself. few: hardly any other lookup is at work. retried: a shared statement was waited for in vain. */
export type ReadingResult = 'shared' | 'few' | 'retried' | AloneReason;

export interface LookupReader {
  /** Resolves once the rows are read and the audit record is committed.
   * @throws AppError */
  read(plan: ReadPlan, job: ReadJob): Promise<KeyedRows>;
  /** Groups with a run of their own under way: none once all of them have ended. */
  groups(): number;
}

export interface LookupReaderOptions {
  readonly database: Database;
  readonly auditLog: AuditLog;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly timer: QueryTimer;
  readonly keptPlans: KeptPlans;
  /** What statements that several lookups share hold of the pool. */
  readonly poolShare: PoolShare;
  /** In flight in this process: as many may wait for one lookup, so that nobody is refused there who was let in. */
  readonly requestsMax: number;
  readonly hooks?: {
    /** Of so many requests is a statement. */
    onBatch?(requests: number): void;
    onReading?(result: ReadingResult): void;
  };
}

interface LoneJob extends ReadJob {
  readonly why: Exclude<ReadingResult, 'shared'>;
}

/** `committing`: brings the audit rows along. */
type AloneForm = 'committing' | 'reading' | 'again';

interface AloneEnd {
  readonly found: readonly KeyedRow[];
  readonly isCommitted: boolean;
}

export const createLookupReader = ({
  database,
  auditLog,
  cache,
  clock,
  timer,
  keptPlans,
  poolShare,
  requestsMax,
  hooks = {},
}: LookupReaderOptions): LookupReader => {
  const sharedReads = createSharedReads({ database, cache, clock, timer, poolShare, requestsMax, hooks });
  /** Lookups whose rows were read, quickly or by a shared statement: one that only waits, or is slow, is not at work. */
  const recent = new RecentKeys({ clock, max: databaseLimits.lookupsCommittingMax, ms: databaseLimits.lookupMovesMs });

  /** What is refused may be the audit log's fault, by a trigger of its own too, or its session's: it is read once more without the one, and by another
   * statement. What is refused then is the lookup's own, and so is what was read without audit rows and has a value to blame.
   * @returns whether the audit rows are committed with it */
  const runAlone = async (reading: GroupReading, deadline: Deadline, form: AloneForm): Promise<AloneEnd> => {
    const { plan, records } = reading;
    let began: number | undefined;
    const onStart = () => {
      began = clock.now();
      hooks.onBatch?.(records.length);
    };
    // What has not begun, or found no PostgreSQL, says nothing of the lookup.
    const note = (end: 'read' | 'refused'): void => {
      if (began !== undefined) sharedReads.noteAlone(plan, began, end);
    };
    const isCommitted = form === 'committing';
    try {
      const job = { values: reading.values(), records: isCommitted ? records : undefined, deadline, onStart };
      const found = await runLookup(database, keptPlans.formOf(plan.lookup), job);
      note(areTooMany(found) ? 'refused' : 'read');
      if (began !== undefined && clock.now() - began < databaseLimits.lookupMovesMs) recent.note(plan.group.prefix);
      return { found, isCommitted };
    } catch (error) {
      const isItsOwn = form === 'reading' && isValueFault(error);
      if (form !== 'again' && isStatementFault(error) && !isItsOwn) return await runAlone(reading, deadline, 'again');
      if (isStatementFault(error)) note('refused');
      else if (isAppError(error, 'deadline_exceeded')) note('read');
      throw error;
    }
  };

  const runBatch = async (plan: ReadPlan, jobs: readonly LoneJob[]): Promise<readonly KeyedRows[]> => {
    const [deadline, why] = [latestDeadline(jobs), jobs[0]?.why];
    if (!deadline || !why) return [];
    const reading = new GroupReading(plan, cache);
    const now = clock.wall();
    for (const job of jobs) reading.add(job, now);
    const form = recent.areMoreThan(databaseLimits.lookupsCommittingMax) ? 'reading' : 'committing';
    hooks.onReading?.(why);
    const query = () => runAlone(reading, deadline, form);
    const end = await timer.time(plan.group.tenantId, plan.share?.use(deadline, query) ?? query());
    if (!reading.take(end.found)) throw new AppError('statement_failed', { message: 'too many rows' });
    if (!end.isCommitted) await auditLog.append(reading.records, deadline);
    reading.keep();
    const rows = reading.rows();
    return jobs.map(() => rows);
  };

  const coalescers = new KeyedCoalescers<ReadPlan, LoneJob, KeyedRows>({
    run: runBatch,
    sizeOf: (job) => job.keys.length,
    jobsMax: databaseLimits.batchRequestsMax,
    sizeMax: databaseLimits.batchKeysMax,
    queueMax: requestsMax,
    inFlightMax: databaseLimits.batchesInFlightMax,
    isPoison: isValueFault,
    begin: endOfTurn,
  });

  const readAlone = (plan: ReadPlan, job: ReadJob, why: LoneJob['why']): Promise<KeyedRows> =>
    coalescers.submit(plan.group.prefix, { context: plan, job: { ...job, why }, deadline: job.deadline });

  /** In a burst the others are known before any of them was read: they come in one turn of the event loop. */
  let firstOfTurn: string | undefined;
  const noteArrival = ({ prefix }: CacheGroup): void => {
    if (firstOfTurn !== undefined) return;
    firstOfTurn = prefix;
    endOfTurn(() => {
      firstOfTurn = undefined;
    });
  };
  const isBesideOthers = ({ prefix }: CacheGroup): boolean =>
    firstOfTurn !== prefix || recent.areMoreThan(databaseLimits.lookupsApartMax);

  return {
    read: (plan, job) => {
      noteArrival(plan.group);
      if (!isBesideOthers(plan.group)) return readAlone(plan, job, 'few');
      const form = sharedReads.formFor(plan, job.keys.length);
      if (typeof form === 'string') return readAlone(plan, job, form);
      return sharedReads.read(form, plan, job).then((rows) => {
        if (rows === undefined) return readAlone(plan, job, 'retried');
        recent.note(plan.group.prefix);
        return rows;
      });
    },
    groups: () => coalescers.size,
  };
};

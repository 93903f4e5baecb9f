/**
 * Reads keys that no cache had: requests of one tenant for one action share a statement, two at a time, so that one is made up while the
 * other is on its way. The next batch is what arrived meanwhile, and starts by taking what those before have just put into the cache.
 *
 * The statement brings the audit rows along, in one round trip. Beside many other lookups that would be a statement and a commit for each of
 * them: then those by the same text share a statement that only reads, and the rows go into the commit that all tenants share.
 */

import type { CacheGroup } from '../cache/group.ts';
import type { Cache } from '../cache/two-tier.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import type { Database } from '../postgres/database.ts';
import { type LookupStatement, runLookup } from '../postgres/lookup-statement.ts';
import { isStatementFault } from '../postgres/pg-error.ts';
import type { BoundValue } from '../postgres/statement.ts';
import type { Clock } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import { endOfTurn } from '../resilience/coalescer.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { KeyedCoalescers } from '../resilience/keyed-coalescers.ts';
import type { Slots } from '../resilience/slots.ts';
import type { CachePolicy } from '../tenant/spec.ts';
import type { QueryTimer } from './query-timer.ts';
import { createSharedReads, type SharingResult } from './shared-reads.ts';

/** What the requests that may share a statement have in common. */
export interface ReadPlan {
  readonly group: CacheGroup;
  readonly lookup: LookupStatement;
  readonly cachePolicy: CachePolicy;
  /** What its statements hold of the pool; left out: as much as there is. */
  readonly share?: Slots | undefined;
  /** @returns the declared parameters' values for these keys */
  bind(keys: readonly string[]): readonly BoundValue[];
}

/** Row JSON text by key; null = there is none. Holds at least the keys of the request. */
export type KeyedRows = ReadonlyMap<string, string | null>;

interface ReadJob {
  readonly keys: readonly string[];
  readonly record: AuditRecord;
  readonly deadline: Deadline;
}

export interface LookupReader {
  /** Resolves once the rows are read and the audit record is committed.
   * @throws AppError */
  read(plan: ReadPlan, job: ReadJob): Promise<KeyedRows>;
  /** Groups with a run under way: none once all of them have ended. */
  groups(): number;
}

export interface LookupReaderOptions {
  readonly database: Database;
  readonly auditLog: AuditLog;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly timer: QueryTimer;
  /** What statements that several lookups share hold of the pool. */
  readonly poolShare: Slots;
  readonly hooks?: {
    /** Of so many requests is a statement. */
    onBatch?(requests: number): void;
    /** `few`: in a statement of its own, as hardly any other lookup is at work. */
    onReading?(result: SharingResult | 'few'): void;
  };
}

const longest = (jobs: readonly ReadJob[]): Deadline | undefined =>
  jobs
    .map((job) => job.deadline)
    .reduce<Deadline | undefined>((a, b) => (a && a.expiresAt > b.expiresAt ? a : b), undefined);

export const createLookupReader = ({
  database,
  auditLog,
  cache,
  clock,
  timer,
  poolShare,
  hooks = {},
}: LookupReaderOptions): LookupReader => {
  const sharedReads = createSharedReads({ database, clock, poolShare, hooks });

  const runBatch = async (plan: ReadPlan, jobs: readonly ReadJob[]): Promise<readonly KeyedRows[]> => {
    const { group, lookup, cachePolicy, share } = plan;
    const deadline = longest(jobs);
    if (!deadline) return [];
    const now = clock.wall();
    const known = new Map<string, string | null>();
    const read = new Map<string, string | null>();
    for (const { keys } of jobs) {
      for (const key of keys) {
        const entry = cache.peekMemory(group, key);
        if (entry && entry.life.freshUntil > now) known.set(key, entry.text);
        else read.set(key, null);
      }
    }
    const epoch = cache.epoch(group);
    const values = plan.bind([...read.keys()]);
    const records = jobs.map((job) => job.record);
    const { lookupsCommittingMax, lookupMovesMs } = databaseLimits;
    const commitsAlone = !coalescers.areMoving(lookupsCommittingMax, lookupMovesMs);
    if (commitsAlone) hooks.onReading?.('few');
    const query = () => {
      hooks.onBatch?.(jobs.length);
      return runLookup(database, lookup, { values, deadline, records });
    };
    const reading = { scope: group.scope, lookup, values, keys: read.size, requests: jobs.length, deadline, share };
    const found = await timer.time(
      group.tenantId,
      commitsAlone ? (share?.use(deadline, query) ?? query()) : sharedReads.read(reading),
    );
    // Of several rows with one key the first counts; a key nobody asked for is not this batch's business.
    for (const { key, row } of found) if (read.get(key) === null) read.set(key, row);
    if (!commitsAlone) await auditLog.append(records, deadline);
    // Not before the audit rows hold: whoever asks again would be answered from memory, with what no audit row tells of.
    cache.store(group, epoch, read, cachePolicy);
    const rows = known.size === 0 ? read : new Map([...known, ...read]);
    return jobs.map(() => rows);
  };

  const coalescers = new KeyedCoalescers<ReadPlan, ReadJob, KeyedRows>(clock, {
    run: runBatch,
    sizeOf: (job) => job.keys.length,
    jobsMax: databaseLimits.batchRequestsMax,
    sizeMax: databaseLimits.batchKeysMax,
    queueMax: databaseLimits.queueMax,
    inFlightMax: databaseLimits.batchesInFlightMax,
    isPoison: isStatementFault,
    begin: endOfTurn,
  });

  return {
    read: (plan, job) => coalescers.submit(plan.group.prefix, { context: plan, job, deadline: job.deadline }),
    groups: () => coalescers.size,
  };
};

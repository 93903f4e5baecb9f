/**
 * What requests of one cache group ask of PostgreSQL together: each key once, without what memory has meanwhile; their audit rows; and what came back.
 */
import type { CacheGroup } from '../cache/group.ts';
import type { Cache } from '../cache/two-tier.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import { areTooMany, type KeyedRow } from '../postgres/lookup-rows.ts';
import type { LookupStatement } from '../postgres/lookup-statement.ts';
import type { BoundValue } from '../postgres/statement.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { CachePolicy } from '../tenant/spec.ts';
import type { PoolShare } from './pool-shares.ts';

/** What the requests that may share a statement have in common. */
export interface ReadPlan {
  readonly group: CacheGroup;
  readonly lookup: LookupStatement;
  readonly cachePolicy: CachePolicy;
  /** What its statements hold of the pool; left out: as much as there is. */
  readonly share?: PoolShare | undefined;
  /** @returns the declared parameters' values for these keys */
  bind(keys: readonly string[]): readonly BoundValue[];
}

export interface ReadJob {
  readonly keys: readonly string[];
  readonly record: AuditRecord;
  readonly deadline: Deadline;
}

/** Row JSON text by key; null = there is none. Holds at least the keys of the request. */
export type KeyedRows = ReadonlyMap<string, string | null>;

export class GroupReading {
  readonly plan: ReadPlan;
  readonly records: AuditRecord[] = [];
  readonly #cache: Cache;
  readonly #epoch: number;
  readonly #read = new Map<string, string | null>();
  /** What memory had. */
  #known: Map<string, string | null> | undefined;

  /** Right before its statement, as what is invalidated from now on is not kept. */
  constructor(plan: ReadPlan, cache: Cache) {
    this.plan = plan;
    this.#cache = cache;
    this.#epoch = cache.epoch(plan.group);
  }

  /** @param now  in wall milliseconds */
  add({ keys, record }: ReadJob, now: number): void {
    this.records.push(record);
    for (const key of keys) {
      const entry = this.#cache.peekMemory(this.plan.group, key);
      if (entry === undefined || entry.life.freshUntil <= now) {
        this.#read.set(key, null);
      } else {
        this.#known ??= new Map();
        this.#known.set(key, entry.text);
      }
    }
  }

  /** How many keys are to be read. */
  get size(): number {
    return this.#read.size;
  }

  /** The declared parameters' values. */
  values(): readonly BoundValue[] {
    return this.plan.bind([...this.#read.keys()]);
  }

  /** Of several rows with one key the first counts; a key nobody asked for is not its business.
   * @returns false: there are more than were read, of which nobody knows */
  take(found: readonly KeyedRow[]): boolean {
    if (areTooMany(found)) return false;
    for (const { key, row } of found) if (this.#read.get(key) === null) this.#read.set(key, row);
    return true;
  }

  /** Not before the audit rows hold: whoever asks again is answered from memory, with what an audit row has to tell of. */
  keep(): void {
    this.#cache.store(this.plan.group, this.#epoch, this.#read, this.plan.cachePolicy);
  }

  rows(): KeyedRows {
    return this.#known ? new Map([...this.#known, ...this.#read]) : this.#read;
  }
}

/** The last of them. */
export const latestDeadline = (jobs: readonly ReadJob[]): Deadline | undefined =>
  jobs
    .map((job) => job.deadline)
    .reduce<Deadline | undefined>((a, b) => (a && a.expiresAt > b.expiresAt ? a : b), undefined);

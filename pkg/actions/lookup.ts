/**
 * A lookup: per key the memory tier, then Redis, then PostgreSQL; only what is missing travels further.
 */

import type { CacheEntry } from '../cache/entry.ts';
import { type CacheGroup, createCacheGroup } from '../cache/group.ts';
import type { CachedLookup } from '../cache/served-lookups.ts';
import type { Cache } from '../cache/two-tier.ts';
import { isAppError } from '../errors/app-error.ts';
import { type Parsed, refused } from '../errors/problem.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import type { CompiledStatement } from '../postgres/compiled-statement.ts';
import { compileLookup } from '../postgres/lookup-statement.ts';
import { bindParameter, typesOf } from '../postgres/parameter.ts';
import type { Clock } from '../process/clock.ts';
import { requestLimits } from '../process/limits.ts';
import { perObject } from '../process/per-object.ts';
import type { LookupAction } from '../tenant/action-spec.ts';
import { actionRevision } from '../tenant/revision.ts';
import type { CachePolicy } from '../tenant/spec.ts';
import { keysFitAnswer, shapeAnswer } from '../webhook/answer.ts';
import { type Action, type ActionAnswer, type ActionCall, type ActionInput, inputOf } from './action.ts';
import { batchInputs } from './batch-inputs.ts';
import type { ReadPlan } from './group-reading.ts';
import { compileInput, type InputDecoder } from './input-codec.ts';
import { differentKeys, listedKeys } from './input-keys.ts';
import type { LookupReader } from './lookup-reader.ts';
import type { PoolShare } from './pool-shares.ts';

export interface LookupServices {
  readonly cache: Cache;
  readonly reader: LookupReader;
  readonly auditLog: AuditLog;
  readonly clock: Clock;
}

/** The part of a tenant's configuration that its lookups depend on. */
export interface LookupTenant {
  readonly tenantId: string;
  readonly batchSize: number;
  readonly cache: CachePolicy;
  readonly audit: 'EveryRequest' | 'DatabaseReads';
  /** What all its lookups hold of the pool; left out: as much as there is. */
  readonly share?: PoolShare;
}

export interface CompiledLookup {
  readonly action: Action;
  readonly statement: CompiledStatement;
  /** What invalidations have to know. */
  readonly cached: CachedLookup;
}

/** JSON text; null: there is none; undefined: not known yet. */
type Row = string | null | undefined;

/** What memory has of a request's different keys, each list in their order. */
interface Held {
  readonly keys: readonly string[];
  /** Filled on the way. */
  readonly rows: Row[];
  readonly entries: readonly (CacheEntry | undefined)[];
  readonly now: number;
}

/** A key as JSON text. */
const keyTexts: Readonly<Record<'UUID' | 'Integer' | 'String', (key: string) => string>> = {
  // Nothing in it needs escaping.
  UUID: (key) => `"${key}"`,
  Integer: (key) => key,
  String: (key) => JSON.stringify(key),
};

const nilUuid = '00000000-0000-0000-0000-000000000000';

/** Errors after which rows past their time are better than none. */
const canGoStale = (error: unknown): boolean =>
  isAppError(error, 'database_unavailable', 'deadline_exceeded', 'overloaded');

/** What the declaration alone decides: worked out once for all tenants that have it. */
const declarationOf = perObject((spec: LookupAction) => {
  const { input, lookup } = spec;
  const { statement: text, parameters, keys, keyColumn, output } = lookup;
  const keysType = input.find(({ name }) => name === keys)?.type;
  const keyText = keyTexts[keysType === 'Integer' || keysType === 'UUID' ? keysType : 'String'];
  const mostUuids = Array<string>(requestLimits.batchSizeMax).fill(keyTexts.UUID(nilUuid));
  return {
    statement: compileLookup({ text, types: typesOf(parameters, input), keyColumn }),
    ownRevision: actionRevision(spec),
    otherParameters: parameters.filter((name) => name !== 'tenant_id' && name !== keys),
    keyText,
    /** As many UUIDs as any batch may have: nothing is to be counted then. */
    everyBatchFits: keysType === 'UUID' && keysFitAnswer(output, mostUuids),
  };
});

export const compileLookupAction = (
  spec: LookupAction,
  tenant: LookupTenant,
  services: LookupServices,
): CompiledLookup => {
  const action = new Lookup(spec, tenant, services);
  return { action, statement: declarationOf(spec).statement, cached: { action: spec.name, group: action.onlyGroup } };
};

/** A class, and not closures: where requests come from thousands of tenants, what one tenant alone has is in no cache of the processor, and each
 * object met costs 0.2 to 0.4 µs (docs/performance/history.md). */
class Lookup implements Action {
  readonly name: string;
  readonly kind = 'lookup';
  /** Undefined where other parameters make many groups of it. */
  readonly onlyGroup: CacheGroup | undefined;
  readonly #spec: LookupAction;
  readonly #declaration: ReturnType<typeof declarationOf>;
  readonly #services: LookupServices;
  readonly #tenant: LookupTenant;
  readonly #tenantId: string;
  readonly #auditsAll: boolean;
  readonly #revision: string;
  readonly #input: InputDecoder;

  constructor(spec: LookupAction, tenant: LookupTenant, services: LookupServices) {
    const { tenantId, audit, batchSize } = tenant;
    this.name = spec.name;
    this.#spec = spec;
    this.#declaration = declarationOf(spec);
    this.#services = services;
    this.#tenant = tenant;
    this.#tenantId = tenantId;
    // Another policy is another revision: rows kept under the old one do not outlive it.
    const { ttlSeconds, missingTtlSeconds, staleIfErrorSeconds } = tenant.cache;
    this.#revision = [this.#declaration.ownRevision, ttlSeconds, missingTtlSeconds, staleIfErrorSeconds].join('-');
    this.#auditsAll = audit === 'EveryRequest';
    this.#input = compileInput(spec.input, { tenantId, batch: { names: batchInputs(spec), max: batchSize } });
    this.onlyGroup = this.#declaration.otherParameters.length === 0 ? this.#groupOf(undefined) : undefined;
  }

  decodeInput(value: unknown): Parsed<ActionInput> {
    const input = this.#input.decode(value);
    const { everyBatchFits, keyText } = this.#declaration;
    if (!input.ok || everyBatchFits) return input;
    const { keys, output } = this.#spec.lookup;
    if (keysFitAnswer(output, differentKeys(input.value, keys).map(keyText))) return input;
    return refused([{ path: `input.${keys}`, expected: 'keys that fit an answer by themselves' }]);
  }

  async run(call: ActionCall): Promise<ActionAnswer> {
    const { cache, clock } = this.#services;
    const now = clock.wall();
    const group = this.#groupFor(call.input);
    const { keys, entries } = cache.readMemory(group, listedKeys(call.input, this.#spec.lookup.keys));
    const rows = entries.map((entry) => (entry !== undefined && entry.life.freshUntil > now ? entry.text : undefined));
    if (rows.includes(undefined)) return this.#readOn(call, group, { keys, rows, entries, now });
    return this.#answerFromCache(call, { keys, rows }, 'memory');
  }

  /** What memory does not have, from further away. */
  async #readOn(call: ActionCall, group: CacheGroup, { keys, rows, entries, now }: Held): Promise<ActionAnswer> {
    const { cache, reader } = this.#services;
    const past = new Map<string, CacheEntry>();
    const unread = () => keys.filter((_, place) => rows[place] === undefined);
    const fill = (rowOf: (key: string) => Row): void => {
      for (const [place, key] of keys.entries()) if (rows[place] === undefined) rows[place] = rowOf(key);
    };
    const take = (entryOf: (key: string, place: number) => CacheEntry | undefined): void => {
      for (const [place, key] of keys.entries()) {
        const entry = entryOf(key, place);
        if (entry === undefined) continue;
        if (entry.life.freshUntil > now) rows[place] = entry.text;
        else if (entry.life.staleUntil > now) past.set(key, entry);
      }
    };

    take((_, place) => entries[place]);
    const cached = await cache.readRedis(group, unread(), call.deadline);
    take((key) => cached.get(key));
    if (!rows.includes(undefined)) return this.#answerFromCache(call, { keys, rows }, 'redis');

    const missing = unread();
    try {
      const record = this.#recordOf(call, keys, 'database');
      const job = { keys: missing, record, deadline: call.deadline };
      const read = await reader.read(this.#planFor(call.input, group), job);
      fill((key) => read.get(key));
      return { body: this.#shape(keys, rows), source: 'database' };
    } catch (error) {
      if (!canGoStale(error) || !missing.every((key) => past.has(key))) throw error;
      fill((key) => past.get(key)?.text);
      return { body: this.#shape(keys, rows, true), source: 'memory' };
    }
  }

  async #answerFromCache(
    call: ActionCall,
    { keys, rows }: Pick<Held, 'keys' | 'rows'>,
    source: 'memory' | 'redis',
  ): Promise<ActionAnswer> {
    if (this.#auditsAll) await this.#services.auditLog.append([this.#recordOf(call, keys, source)], call.deadline);
    return { body: this.#shape(keys, rows), source };
  }

  #groupOf(parameters: string | undefined): CacheGroup {
    return createCacheGroup({ tenantId: this.#tenantId, action: this.name, revision: this.#revision, parameters });
  }

  #groupFor(input: ActionInput): CacheGroup {
    if (this.onlyGroup) return this.onlyGroup;
    const values = this.#declaration.otherParameters.map((name) => bindParameter(inputOf(input, name)));
    return this.#groupOf(JSON.stringify(values));
  }

  #planFor(input: ActionInput, group: CacheGroup): ReadPlan {
    const { lookup } = this.#spec;
    const bound = (name: string, keys: readonly string[]) => {
      if (name === 'tenant_id') return this.#tenantId;
      return bindParameter(name === lookup.keys ? keys : inputOf(input, name));
    };
    return {
      group,
      lookup: this.#declaration.statement,
      cachePolicy: this.#tenant.cache,
      share: this.#tenant.share,
      bind: (keys) => lookup.parameters.map((name) => bound(name, keys)),
    };
  }

  #recordOf(call: ActionCall, keys: readonly string[], source: AuditRecord['source']): AuditRecord {
    const [tenantId, action] = [this.#tenantId, this.name];
    const { requestId, context } = call;
    return { tenantId, action, keys, requestId, source, outcome: 'answered', context };
  }

  #shape(keys: readonly string[], rows: readonly Row[], stale = false): string {
    const { keyText } = this.#declaration;
    const keyAt = (place: number): string => keyText(keys[place] ?? '');
    return shapeAnswer(this.#spec.lookup.output, { rows: rows.map((row) => row ?? null), keyAt }, { stale });
  }
}

/**
 * A lookup: per key the memory tier, then Redis, then PostgreSQL; only what is missing travels further.
 */

import type { CacheEntry } from '../cache/entry.ts';
import { type CacheGroup, createCacheGroup } from '../cache/group.ts';
import type { Cache, CachedLookup } from '../cache/two-tier.ts';
import { isAppError } from '../errors/app-error.ts';
import { refused } from '../errors/problem.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import type { CompiledStatement } from '../postgres/compiled-statement.ts';
import { compileLookup } from '../postgres/lookup-statement.ts';
import { bindParameter, typesOf } from '../postgres/parameter.ts';
import type { Clock } from '../process/clock.ts';
import { requestLimits } from '../process/limits.ts';
import { perObject } from '../process/per-object.ts';
import type { Slots } from '../resilience/slots.ts';
import type { LookupAction } from '../tenant/action-spec.ts';
import { actionRevision } from '../tenant/revision.ts';
import type { CachePolicy } from '../tenant/spec.ts';
import { keysFitAnswer, shapeAnswer } from '../webhook/answer.ts';
import type { Action, ActionAnswer, ActionCall, ActionInput } from './action.ts';
import { batchInputs } from './batch-inputs.ts';
import { compileInput } from './input-codec.ts';
import { listKeys } from './input-keys.ts';
import type { LookupReader, ReadPlan } from './lookup-reader.ts';

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
  readonly share?: Slots;
}

export interface CompiledLookup {
  readonly action: Action;
  readonly statement: CompiledStatement;
  /** What invalidations have to know. */
  readonly cached: CachedLookup;
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
  const { cache, reader, auditLog, clock } = services;
  const { lookup } = spec;
  const { statement, ownRevision, otherParameters, keyText, everyBatchFits } = declarationOf(spec);
  // Another policy is another revision: rows kept under the old one do not outlive it.
  const { ttlSeconds, missingTtlSeconds, staleIfErrorSeconds } = tenant.cache;
  const revision = [ownRevision, ttlSeconds, missingTtlSeconds, staleIfErrorSeconds].join('-');
  const decode = compileInput(spec.input, {
    tenantId: tenant.tenantId,
    batch: { names: batchInputs(spec), max: tenant.batchSize },
  });

  const keysOf = (input: ActionInput): readonly string[] => listKeys(input, lookup.keys);

  const groupOf = (parameters: string | undefined): CacheGroup =>
    createCacheGroup({ tenantId: tenant.tenantId, action: spec.name, revision, parameters });
  const onlyGroup = otherParameters.length === 0 ? groupOf(undefined) : undefined;
  const groupFor = (input: ActionInput): CacheGroup =>
    onlyGroup ?? groupOf(JSON.stringify(otherParameters.map((name) => bindParameter(input[name]))));

  const planFor = (input: ActionInput): ReadPlan => ({
    group: groupFor(input),
    lookup: statement,
    cachePolicy: tenant.cache,
    share: tenant.share,
    bind: (keys) =>
      lookup.parameters.map((name) => {
        if (name === 'tenant_id') return tenant.tenantId;
        return bindParameter(name === lookup.keys ? keys : input[name]);
      }),
  });

  const run = async (call: ActionCall): Promise<ActionAnswer> => {
    const keys = keysOf(call.input);
    const plan = planFor(call.input);
    const now = clock.wall();
    /** In the order of the keys; undefined: not known yet. */
    const rows = new Array<string | null | undefined>(keys.length);
    const past = new Map<string, CacheEntry>();
    const take = (entries: readonly (CacheEntry | undefined)[]): void => {
      for (const [place, entry] of entries.entries()) {
        if (entry === undefined) continue;
        if (entry.freshUntil > now) rows[place] = entry.text;
        else if (entry.staleUntil > now) past.set(keys[place] ?? '', entry);
      }
    };
    const fill = (rowOf: (key: string) => string | null | undefined): void => {
      for (const [place, key] of keys.entries()) if (rows[place] === undefined) rows[place] = rowOf(key) ?? null;
    };
    const isComplete = () => !rows.includes(undefined);
    const unread = () => keys.filter((_, place) => rows[place] === undefined);
    const record = (source: AuditRecord['source']): AuditRecord => ({
      tenantId: tenant.tenantId,
      action: spec.name,
      keys,
      requestId: call.requestId,
      source,
      outcome: 'answered',
      context: call.context,
    });
    const answer = (source: AuditRecord['source'], stale = false): ActionAnswer => {
      const items = keys.map((key, place) => ({ key: keyText(key), row: rows[place] ?? null }));
      return { body: shapeAnswer(lookup.output, items, { stale }), source };
    };
    const answerFromCache = async (source: 'memory' | 'redis'): Promise<ActionAnswer> => {
      if (tenant.audit === 'EveryRequest') await auditLog.append(record(source), call.deadline);
      return answer(source);
    };

    take(cache.readMemory(plan.group, keys));
    if (isComplete()) return answerFromCache('memory');

    const cached = await cache.readRedis(plan.group, unread(), call.deadline);
    take(keys.map((key) => cached.get(key)));
    if (isComplete()) return answerFromCache('redis');

    const missing = unread();
    try {
      const read = await reader.read(plan, { keys: missing, record: record('database'), deadline: call.deadline });
      fill((key) => read.get(key));
      return answer('database');
    } catch (error) {
      if (!canGoStale(error) || !missing.every((key) => past.has(key))) throw error;
      fill((key) => past.get(key)?.text);
      return answer('memory', true);
    }
  };

  const decodeInput: Action['decodeInput'] = (value) => {
    const input = decode(value);
    if (!input.ok || everyBatchFits || keysFitAnswer(lookup.output, keysOf(input.value).map(keyText))) return input;
    return refused([{ path: `input.${lookup.keys}`, expected: 'keys that fit an answer by themselves' }]);
  };

  return {
    action: { name: spec.name, kind: 'lookup', decodeInput, run },
    statement,
    cached: { action: spec.name, group: onlyGroup },
  };
};

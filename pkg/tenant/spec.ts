/**
 * The spec of a DataActionConfig: one tenant, with every default applied.
 */
import type { Problem } from '../errors/problem.ts';
import { requestLimits, tenantLimits } from '../process/limits.ts';
import { type ActionSpec, encodeAction } from './action-spec.ts';
import { actionsSpec, defaultActions } from './actions-spec.ts';
import { type Codec, ruled } from './codec.ts';
import { defaulted } from './codec-containers.ts';
import { flag, oneOf, whole } from './codec-scalars.ts';
import { type CxoneSpec, cxoneSpec } from './cxone-spec.ts';
import { manifestObject } from './manifest-object.ts';
import { tenantId } from './names.ts';
import { type WebhookSpec, webhookSpec } from './webhook-spec.ts';

/** They hold per pod. */
export interface TenantLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly concurrency: number;
  readonly deadlineMilliseconds: number;
  /** Elements of a batch. */
  readonly batchSize: number;
}

/** 0 switches each of them off. */
export interface CachePolicy {
  readonly ttlSeconds: number;
  readonly missingTtlSeconds: number;
  readonly staleIfErrorSeconds: number;
}

export const auditPolicies = ['EveryRequest', 'DatabaseReads'] as const;
export type AuditPolicy = (typeof auditPolicies)[number];

export interface TenantSpec {
  /** Immutable, and unique in its namespace. */
  readonly tenantId: string;
  /** Every request is refused; the object stays. */
  readonly suspend: boolean;
  readonly webhook: WebhookSpec;
  readonly limits: TenantLimits;
  readonly cache: CachePolicy;
  readonly audit: AuditPolicy;
  readonly actions: readonly ActionSpec[];
  readonly cxone?: CxoneSpec;
}

const limits: Codec<TenantLimits> = manifestObject({
  requestsPerSecond: defaulted(whole(1, tenantLimits.requestsPerSecondMax), 200),
  burst: defaulted(whole(1, tenantLimits.burstMax), 400),
  concurrency: defaulted(whole(1, tenantLimits.concurrencyMax), 100),
  deadlineMilliseconds: defaulted(whole(tenantLimits.deadlineMsMin, tenantLimits.deadlineMsMax), 5_000),
  batchSize: defaulted(whole(1, requestLimits.batchSizeMax), 100),
});

const cache: Codec<CachePolicy> = manifestObject({
  ttlSeconds: defaulted(whole(0, tenantLimits.ttlSecondsMax), 300),
  missingTtlSeconds: defaulted(whole(0, tenantLimits.ttlSecondsMax), 30),
  staleIfErrorSeconds: defaulted(whole(0, tenantLimits.staleIfErrorSecondsMax), 0),
});

/** The fields that a bundle line has as they are in the spec. */
export const sharedFields = {
  tenantId,
  suspend: defaulted(flag, false),
  limits: defaulted(limits, {
    requestsPerSecond: 200,
    burst: 400,
    concurrency: 100,
    deadlineMilliseconds: 5_000,
    batchSize: 100,
  }),
  cache: defaulted(cache, { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0 }),
  audit: defaulted(oneOf(auditPolicies), 'EveryRequest'),
  actions: defaulted(actionsSpec, defaultActions),
} as const;

/** @returns what is wrong between a tenant's parts, by path below the spec */
export const tenantProblems = ({
  cache,
  audit,
  actions,
  cxone,
}: Pick<TenantSpec, 'cache' | 'audit' | 'actions'> & { readonly cxone?: object }): readonly Problem[] => {
  const calls = cxone === undefined && actions.some((action) => action.kind === 'cxone');
  return [
    ...(cache.staleIfErrorSeconds > 0 && audit !== 'DatabaseReads'
      ? [{ path: 'cache.staleIfErrorSeconds', expected: '0 unless audit is DatabaseReads' }]
      : []),
    ...(calls ? [{ path: 'cxone', expected: 'required by an action of kind cxone' }] : []),
  ];
};

export const tenantSpec: Codec<TenantSpec> = ruled<TenantSpec>(
  manifestObject({ ...sharedFields, webhook: webhookSpec }, { cxone: cxoneSpec }),
  tenantProblems,
);

/** The written form of a spec, which `tenantSpec` reads. */
export const encodeSpec = (spec: TenantSpec): unknown => ({ ...spec, actions: spec.actions.map(encodeAction) });

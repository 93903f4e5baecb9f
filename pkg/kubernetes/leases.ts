/**
 * The Leases of the API server: read, create, and replace under an optimistic lock, the resourceVersion last seen.
 */
import { CoordinationV1Api, type V1ObjectMeta } from '@kubernetes/client-node';
import type { ApiResult } from './api-result.ts';
import type { Call, CallOptions } from './call.ts';
import { type LeaseClaim, type LeaseRecord, leaseRecord, specOf } from './lease-record.ts';

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** A Lease as it was seen: to be handed back to `replace`, which keeps its labels and annotations. */
export interface SeenLease {
  readonly record: LeaseRecord;
  readonly metadata: V1ObjectMeta;
}

export interface Leases {
  /** `not_found` where there is none. */
  read(lease: LeaseName, options?: CallOptions): Promise<ApiResult<SeenLease>>;
  /** `conflict` where there is one already. */
  create(lease: LeaseName, claim: LeaseClaim, options?: CallOptions): Promise<ApiResult<SeenLease>>;
  /** `conflict` where it is not the one that was seen any more. */
  replace(seen: SeenLease, claim: LeaseClaim, options?: CallOptions): Promise<ApiResult<SeenLease>>;
}

export const createLeases = (call: Call): Leases => {
  const ask = async (
    send: (api: CoordinationV1Api) => Promise<{ readonly metadata?: V1ObjectMeta }>,
    options: CallOptions | undefined,
  ): Promise<ApiResult<SeenLease>> => {
    let metadata: V1ObjectMeta = {};
    const result = await call(
      leaseRecord,
      async (config) => {
        const lease = await send(config.makeApiClient(CoordinationV1Api));
        metadata = lease.metadata ?? {};
        return lease;
      },
      options,
    );
    return result.ok ? { ok: true, value: { record: result.value, metadata } } : result;
  };

  return {
    read: ({ namespace, name }, options) => ask((api) => api.readNamespacedLease({ namespace, name }), options),
    create: ({ namespace, name }, claim, options) =>
      ask(
        (api) => api.createNamespacedLease({ namespace, body: { metadata: { namespace, name }, spec: specOf(claim) } }),
        options,
      ),
    replace: ({ metadata }, claim, options) =>
      ask((api) => {
        const { namespace = '', name = '' } = metadata;
        return api.replaceNamespacedLease({ namespace, name, body: { metadata, spec: specOf(claim) } });
      }, options),
  };
};

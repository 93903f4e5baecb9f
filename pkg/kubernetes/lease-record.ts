/**
 * What a Lease says, and how it is written. Moments are texts: they are compared for equality and shown to people, never computed with.
 */
import { type V1LeaseSpec, V1MicroTime } from '@kubernetes/client-node';
import { type Codec, mapped } from '../tenant/codec.ts';
import { defaulted, open } from '../tenant/codec-containers.ts';
import { text, whole } from '../tenant/codec-scalars.ts';
import { objectMeta } from './object-meta.ts';

export interface LeaseRecord {
  readonly resourceVersion: string;
  /** Empty when nobody holds it. */
  readonly holder: string;
  /** The holder's promise to renew within this time. */
  readonly durationMs: number;
  /** RFC 3339. */
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often the holder changed. */
  readonly transitions: number;
}

const secondsMax = 86_400;
const moment = text({ max: 64 });

const spec = open(
  {},
  {
    holderIdentity: text({ max: 1_024 }),
    leaseDurationSeconds: whole(1, secondsMax),
    acquireTime: moment,
    renewTime: moment,
    leaseTransitions: whole(0, Number.MAX_SAFE_INTEGER),
  },
);

export const leaseRecord: Codec<LeaseRecord> = mapped(
  open({ metadata: objectMeta, spec: defaulted(spec, {}) }),
  ({ metadata, spec }) => ({
    resourceVersion: metadata.resourceVersion,
    holder: spec.holderIdentity ?? '',
    durationMs: (spec.leaseDurationSeconds ?? 1) * 1_000,
    acquireTime: spec.acquireTime ?? '',
    renewTime: spec.renewTime ?? '',
    transitions: spec.leaseTransitions ?? 0,
  }),
);

/** What a holder writes, or one that lets go of it. */
export interface LeaseClaim {
  /** Empty to let go. */
  readonly holder: string;
  readonly durationMs: number;
  /** Wall-clock milliseconds, for people. */
  readonly acquiredAtMs: number;
  readonly renewedAtMs: number;
  readonly transitions: number;
}

/** A Lease's times have microseconds. */
export const specOf = (claim: LeaseClaim): V1LeaseSpec => ({
  ...(claim.holder !== '' && { holderIdentity: claim.holder }),
  leaseDurationSeconds: Math.max(1, Math.ceil(claim.durationMs / 1_000)),
  acquireTime: new V1MicroTime(claim.acquiredAtMs),
  renewTime: new V1MicroTime(claim.renewedAtMs),
  leaseTransitions: claim.transitions,
});

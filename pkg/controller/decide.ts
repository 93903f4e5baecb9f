/**
 * From all DataActionConfigs and Secrets to all tenants of the bundle and one verdict per object. Pure.
 *
 * An object on its way out does not count; the oldest object of a tenant has it; of more tenants than the bundle takes those of the oldest
 * objects are in it; the rest is said of each object by itself.
 */
import { bundleLimits } from '../process/limits.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { byTenantId } from '../tenant/shard.ts';
import {
  byAge,
  type Candidate,
  objectKey,
  type ReadConfig,
  type Reading,
  readConfig,
  toCandidate,
} from './candidate.ts';
import { type Judge, judge } from './judge.ts';
import { withoutPlace } from './places.ts';
import type { FindSecret, Secrets } from './resolve-secrets.ts';
import type { Verdict } from './verdict.ts';

export interface Gathered {
  /** Manifests as read: objects of the API server or documents of a file. */
  readonly configs: readonly unknown[];
  readonly secrets: Secrets;
  /** Default: `bundleLimits.tenantsMax`. */
  readonly tenantsMax?: number;
}

export interface Decision {
  /** Sorted by tenant id, each id once. */
  readonly tenants: readonly BundleTenant[];
  /** Oldest object first. */
  readonly verdicts: readonly Verdict[];
}

/** @param read  `createConfigReader()` where the same manifests are decided on again */
export const decide = (
  { configs, ...gathered }: Gathered,
  previous: readonly BundleTenant[],
  read: ReadConfig = readConfig,
): Decision => decideReadings({ readings: configs.map(read), ...gathered }, previous);

interface GatheredReadings extends Pick<Gathered, 'tenantsMax'> {
  readonly readings: readonly Reading[];
  readonly secrets: Pick<Secrets, 'get'>;
}

/** @param judged  `createRememberingJudge()` where decisions are made again and again over mostly the same objects */
export const decideReadings = (
  { readings, secrets, tenantsMax = bundleLimits.tenantsMax }: GatheredReadings,
  previous: readonly BundleTenant[],
  judged: Judge = judge,
): Decision => {
  const before = new Map(previous.map((tenant) => [objectKey(tenant.source), tenant]));
  const candidates = readings
    .map((reading) => toCandidate(reading, before))
    .filter((candidate) => candidate !== undefined)
    .toSorted(byAge);
  const owners = ownersOf(candidates);
  const beyond = withoutPlace(owners, tenantsMax);
  const outcomes = candidates.map((candidate) => {
    const { tenantId, outline } = candidate;
    const { namespace } = outline.metadata;
    const find: FindSecret = (name) => secrets.get(objectKey({ namespace, name }));
    const hasPlace = tenantId === undefined || !beyond.has(tenantId);
    return judged(candidate, { holder: holderOf(candidate, owners), hasPlace, find });
  });
  return {
    tenants: outcomes.flatMap(({ tenant }) => (tenant === undefined ? [] : [tenant])).sort(byTenantId),
    verdicts: outcomes.map(({ verdict }) => verdict),
  };
};

/** @param candidates  oldest first */
const ownersOf = (candidates: readonly Candidate[]): ReadonlyMap<string, Candidate> => {
  const owners = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { tenantId } = candidate;
    if (tenantId !== undefined && !owners.has(tenantId)) owners.set(tenantId, candidate);
  }
  return owners;
};

/** @returns undefined when the candidate has its tenant itself */
const holderOf = (candidate: Candidate, owners: ReadonlyMap<string, Candidate>): string | undefined => {
  const owner = candidate.tenantId === undefined ? candidate : owners.get(candidate.tenantId);
  return owner === candidate ? undefined : owner?.outline.metadata.name;
};

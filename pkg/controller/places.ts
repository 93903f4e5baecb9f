/**
 * Which tenants have a place in the bundle: as many as it takes, those of the oldest objects. Pure.
 *
 * A tenant takes its place while it is claimed, served or not, so that each pod says the same whatever it had before.
 */
import { byAge, type Candidate } from './candidate.ts';

/** @param owners  the oldest object of each tenant, by its id     @returns the tenants for which there is no place */
export const withoutPlace = (owners: ReadonlyMap<string, Candidate>, tenantsMax: number): ReadonlySet<string> => {
  const byOwner = [...owners].sort(([, a], [, b]) => byAge(a, b));
  return new Set(byOwner.slice(tenantsMax).map(([tenantId]) => tenantId));
};

/**
 * Decides again and again over mostly the same objects: what `decide` says of all, kept up to date at the cost of what changed.
 *
 * An object is judged again when it, or a Secret it refers to, is another one, when somebody else claims, or gives up, its tenant, and when
 * there is a place for its tenant in the bundle, or none any more. Only where there are more tenants than places all of them are looked at.
 * What it says is what `decide` would say, given everything and its own last result; a test compares the two. Pure but for its memory.
 */
import { bundleLimits } from '../process/limits.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { byAge, type Candidate, objectKey, type Reading, toCandidate } from './candidate.ts';
import type { Standing } from './conditions.ts';
import type { Outcome } from './judge.ts';
import { withoutPlace } from './places.ts';
import { createRememberingJudge } from './remembering-judge.ts';
import type { SecretContent } from './resolve-secrets.ts';

export interface DecisionChange {
  /** By id; undefined: there no more. */
  readonly tenants: ReadonlyMap<string, BundleTenant | undefined>;
  /** New, gone, or decided otherwise than before, as `namespace/name`. */
  readonly objects: readonly string[];
}

export interface GatheredNow {
  /** @param key  `namespace/name` of an object; undefined: there is none */
  reading(key: string): Reading | undefined;
  /** @param key  `namespace/name` of a Secret */
  secret(key: string): SecretContent | undefined;
}

export interface Decider {
  /** @param changed  objects that are another, or whose Secrets are; at first, all of them */
  decide(changed: Iterable<string>, gathered: GatheredNow): DecisionChange;
  standing(key: string): Omit<Standing, 'report'> | undefined;
  keys(): Iterable<string>;
  /** The object that has this tenant. */
  owner(tenantId: string): string | undefined;
  tenantCount(): number;
}

/** @param previous  what the bundle held before the first decision */
export const createDecider = (
  previous: readonly BundleTenant[],
  tenantsMax: number = bundleLimits.tenantsMax,
): Decider => {
  const judge = createRememberingJudge();
  const claims = createClaims();
  const candidates = new Map<string, Candidate>();
  const outcomes = new Map<string, Outcome>();
  const tenants = new Map<string, BundleTenant>();
  /** What came of each object last. */
  let entries = new Map(previous.map((tenant) => [objectKey(tenant.source), tenant]));
  /** Whose own last result says something else about whose tenant it is. */
  let again = new Set<string>();
  /** Tenants for which there is no place. */
  let beyond: ReadonlySet<string> = new Set();
  let isFirst = true;

  const put = (key: string, reading: Reading | undefined): readonly string[] => {
    const before = candidates.get(key);
    const candidate = reading && toCandidate(reading, entries);
    if (candidate === undefined) candidates.delete(key);
    else candidates.set(key, candidate);
    claims.move(key, before?.tenantId, candidate?.tenantId);
    return [before?.tenantId, candidate?.tenantId].filter((tenantId) => tenantId !== undefined);
  };

  /** @returns the tenants that got a place, and those that lost theirs */
  const allot = (): readonly string[] => {
    const before = beyond;
    beyond = claims.count() > tenantsMax ? withoutPlace(claims.owners(candidates), tenantsMax) : new Set();
    return [...[...before].filter((id) => !beyond.has(id)), ...[...beyond].filter((id) => !before.has(id))];
  };

  const judgeAgain = (key: string, { secret }: GatheredNow): boolean => {
    const candidate = candidates.get(key);
    const before = outcomes.get(key);
    if (candidate === undefined) {
      entries.delete(key);
      return outcomes.delete(key);
    }
    const { namespace } = candidate.outline.metadata;
    const owner = candidate.tenantId === undefined ? key : (claims.oldest(candidate.tenantId, candidates) ?? key);
    const holder = owner === key ? undefined : candidates.get(owner)?.outline.metadata.name;
    const hasPlace = candidate.tenantId === undefined || !beyond.has(candidate.tenantId);
    const outcome = judge(candidate, { holder, hasPlace, find: (name) => secret(objectKey({ namespace, name })) });
    outcomes.set(key, outcome);
    if (outcome.tenant === undefined) entries.delete(key);
    else entries.set(key, outcome.tenant);
    return before?.verdict !== outcome.verdict || before.tenant !== outcome.tenant;
  };

  /** Its own entry is its last result from now on. */
  const renew = (key: string, { reading }: GatheredNow): void => {
    const read = reading(key);
    const before = candidates.get(key);
    const candidate = read && toCandidate(read, entries);
    if (before === undefined || candidate === undefined) return;
    if (candidate.tenantId === before.tenantId) candidates.set(key, candidate);
    else again.add(key);
  };

  /** @returns undefined when nothing changed */
  const settle = (tenantId: string): readonly [string, BundleTenant | undefined] | undefined => {
    const owner = claims.oldest(tenantId, candidates);
    const tenant = owner === undefined ? undefined : outcomes.get(owner)?.tenant;
    if (tenants.get(tenantId) === tenant) return undefined;
    if (tenant === undefined) tenants.delete(tenantId);
    else tenants.set(tenantId, tenant);
    return [tenantId, tenant];
  };

  return {
    decide: (changed, gathered) => {
      const touched = new Set([...changed, ...again]);
      again = new Set();
      const disputed = new Set<string>();
      for (const key of touched) for (const tenantId of put(key, gathered.reading(key))) disputed.add(tenantId);
      claims.forgetOldest();
      for (const tenantId of allot()) disputed.add(tenantId);
      for (const tenantId of disputed) for (const key of claims.of(tenantId)) touched.add(key);
      const objects = [...touched].filter((key) => judgeAgain(key, gathered));
      if (isFirst) entries = new Map([...entries].filter(([key]) => candidates.has(key)));
      isFirst = false;
      for (const key of touched) renew(key, gathered);
      const news = [...disputed].map(settle).filter((change) => change !== undefined);
      return { tenants: new Map(news), objects };
    },
    standing: (key) => {
      const outcome = outcomes.get(key);
      return outcome && { verdict: outcome.verdict, tenant: outcome.tenant };
    },
    keys: () => outcomes.keys(),
    owner: (tenantId) => claims.oldest(tenantId, candidates),
    tenantCount: () => tenants.size,
  };
};

/** Who claims which tenant. The oldest has it. */
const createClaims = () => {
  const claimants = new Map<string, Set<string>>();
  /** Asked for by each claimant. */
  const known = new Map<string, string | undefined>();

  const findOldest = (tenantId: string, candidates: ReadonlyMap<string, Candidate>): string | undefined => {
    let found: { readonly key: string; readonly candidate: Candidate } | undefined;
    for (const key of claimants.get(tenantId) ?? []) {
      const candidate = candidates.get(key);
      if (candidate !== undefined && (found === undefined || byAge(candidate, found.candidate) < 0))
        found = { key, candidate };
    }
    return found?.key;
  };
  const oldest = (tenantId: string, candidates: ReadonlyMap<string, Candidate>): string | undefined => {
    if (!known.has(tenantId)) known.set(tenantId, findOldest(tenantId, candidates));
    return known.get(tenantId);
  };

  return {
    move: (key: string, from: string | undefined, to: string | undefined): void => {
      if (from !== undefined) {
        claimants.get(from)?.delete(key);
        if (claimants.get(from)?.size === 0) claimants.delete(from);
      }
      if (to !== undefined) claimants.set(to, (claimants.get(to) ?? new Set()).add(key));
    },
    of: (tenantId: string): Iterable<string> => claimants.get(tenantId) ?? [],
    count: (): number => claimants.size,
    oldest,
    owners: (candidates: ReadonlyMap<string, Candidate>): ReadonlyMap<string, Candidate> => {
      const owners = new Map<string, Candidate>();
      for (const tenantId of claimants.keys()) {
        const owner = candidates.get(oldest(tenantId, candidates) ?? '');
        if (owner !== undefined) owners.set(tenantId, owner);
      }
      return owners;
    },
    forgetOldest: (): void => known.clear(),
  };
};

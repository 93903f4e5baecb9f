/**
 * Judges an object again only when something its verdict rests on is another one: the object itself, its Secrets, who has the
 * tenant, whether there is a place for it, or what its entry was before. Compares identities, so that a decision costs what changed.
 *
 * What is remembered goes with the object's reading, which the garbage collector removes.
 */
import type { BundleTenant } from '../tenant/bundle.ts';
import type { Candidate } from './candidate.ts';
import { type Circumstances, type Judge, judge, type Outcome } from './judge.ts';
import type { SecretContent } from './resolve-secrets.ts';

interface Remembered extends Pick<Circumstances, 'holder' | 'hasPlace'> {
  readonly previous: BundleTenant | undefined;
  /** What was asked for, and what there was. */
  readonly secrets: ReadonlyMap<string, SecretContent | undefined>;
  readonly outcome: Outcome;
}

export const createRememberingJudge = (): Judge => {
  const known = new WeakMap<object, Remembered>();
  return (candidate, { holder, hasPlace, find }) => {
    const before = known.get(candidate.outline);
    if (before !== undefined && stillHolds(before, candidate, { holder, hasPlace, find })) return before.outcome;
    const secrets = new Map<string, SecretContent | undefined>();
    const outcome = judge(candidate, {
      holder,
      hasPlace,
      find: (name) => {
        const content = find(name);
        secrets.set(name, content);
        return content;
      },
    });
    known.set(candidate.outline, { holder, hasPlace, previous: candidate.previous, secrets, outcome });
    return outcome;
  };
};

/** The entry that came out of it may have become the previous one: judging it again changes nothing. */
const stillHolds = (before: Remembered, { previous }: Candidate, { holder, hasPlace, find }: Circumstances): boolean =>
  before.holder === holder &&
  before.hasPlace === hasPlace &&
  (before.previous === previous || before.outcome.tenant === previous) &&
  [...before.secrets].every(([name, content]) => find(name) === content);

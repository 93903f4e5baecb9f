/**
 * Judges an object again only when something its verdict rests on is another one: the object itself, its Secrets, whether the tenant is
 * its own, or what its entry was before. Compares identities, so that a decision costs what changed.
 *
 * What is remembered goes with the object's reading, which the garbage collector removes.
 */
import type { BundleTenant } from '../tenant/bundle.ts';
import type { Candidate } from './candidate.ts';
import { type Circumstances, type Judge, judge, type Outcome } from './judge.ts';
import type { SecretContent } from './resolve-secrets.ts';

interface Remembered {
  readonly isOwner: boolean;
  readonly previous: BundleTenant | undefined;
  /** What was asked for, and what there was. */
  readonly secrets: ReadonlyMap<string, SecretContent | undefined>;
  readonly outcome: Outcome;
}

export const createRememberingJudge = (): Judge => {
  const known = new WeakMap<object, Remembered>();
  return (candidate, { isOwner, find }) => {
    const before = known.get(candidate.outline);
    if (before !== undefined && stillHolds(before, candidate, { isOwner, find })) return before.outcome;
    const secrets = new Map<string, SecretContent | undefined>();
    const outcome = judge(candidate, {
      isOwner,
      find: (name) => {
        const content = find(name);
        secrets.set(name, content);
        return content;
      },
    });
    known.set(candidate.outline, { isOwner, previous: candidate.previous, secrets, outcome });
    return outcome;
  };
};

/** The entry that came out of it may have become the previous one: judging it again changes nothing. */
const stillHolds = (before: Remembered, { previous }: Candidate, { isOwner, find }: Circumstances): boolean =>
  before.isOwner === isOwner &&
  (before.previous === previous || before.outcome.tenant === previous) &&
  [...before.secrets].every(([name, content]) => find(name) === content);

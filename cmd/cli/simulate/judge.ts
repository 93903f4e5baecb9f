/** Whether an outcome is what the script expected. Pure. */
import type { Outcome, Verdict } from './outcome.ts';

export interface Expectation {
  readonly status: number;
  readonly code?: string | undefined;
}

/** The status is looked at first: an error page of a proxy is rather unexpected than not JSON. */
export const judge = (outcome: Outcome, expect: Expectation): Verdict => {
  if (outcome.kind !== 'answer') return outcome.kind;
  if (outcome.status !== expect.status) return 'unexpected';
  if (outcome.cut) return 'cut';
  if (outcome.json === undefined) return 'not_json';
  return expect.code === undefined || outcome.code === expect.code ? 'as_expected' : 'unexpected';
};

/**
 * Counts what happens in a run, in bounded memory. `figures.ts` makes of it what is printed.
 *
 * A *call* is what the script waits for; it takes one *request*, and another one for each repeat.
 */
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import { createLatency } from './latency.ts';
import { isTrouble, type Outcome, type Trouble, type Verdict } from './outcome.ts';

const noTroubles: Readonly<Record<Trouble, number>> = {
  unexpected: 0,
  cut: 0,
  not_json: 0,
  timeout: 0,
  network: 0,
  more_stuck: 0,
  breaker_open: 0,
  queue_full: 0,
};

/** Mutable: whoever sees something happen adds one here. @param actions  of the steps, in their order */
export const createTally = (actions: readonly string[]) => ({
  /** Calls, pages of --follow-more included: all that were wanted, and how they ended. */
  wanted: 0,
  asExpected: 0,
  wrong: 0,
  givenUp: 0,
  troubles: { ...noTroubles },
  sent: 0,
  repeats: 0,
  /** By status and code. */
  answers: new Map<string, number>(),
  timeouts: 0,
  network: new Map<string, number>(),
  cut: 0,
  moreAnswers: 0,
  pages: 0,
  breakerOpened: 0,
  queued: 0,
  longestQueue: 0,
  latency: { call: createLatency(), request: createLatency(), queue: createLatency() },
  steps: actions.map((action) => ({ action, calls: 0, wrong: 0, latency: createLatency() })),
});

export type Tally = ReturnType<typeof createTally>;

/** One kind more than the bound is counted as `other`. */
const increment = (counts: Map<string, number>, kind: string): void => {
  const name = counts.has(kind) || counts.size < simulateLimits.answerKindsMax ? kind : 'other';
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

export const countRequest = (tally: Tally, outcome: Outcome, ms: number): void => {
  if (outcome.kind === 'given_up') return;
  tally.latency.request.record(ms);
  if (outcome.kind === 'timeout') tally.timeouts += 1;
  else if (outcome.kind === 'network') increment(tally.network, outcome.reason);
  else {
    increment(tally.answers, outcome.code === undefined ? `${outcome.status}` : `${outcome.status} ${outcome.code}`);
    if (outcome.cut) tally.cut += 1;
  }
};

interface EndedCall {
  /** Its place among the steps. */
  readonly step: number;
  readonly verdict: Verdict;
  /** Undefined for a call that was never made. */
  readonly ms?: number;
}

export const countCall = (tally: Tally, { step: place, verdict, ms }: EndedCall): void => {
  const step = tally.steps[place];
  if (!step || verdict === 'given_up') {
    tally.givenUp += 1;
    return;
  }
  step.calls += 1;
  if (ms !== undefined) {
    tally.latency.call.record(ms);
    step.latency.record(ms);
  }
  if (isTrouble(verdict)) {
    step.wrong += 1;
    tally.wrong += 1;
    tally.troubles[verdict] += 1;
  } else tally.asExpected += 1;
};

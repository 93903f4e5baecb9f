/** The figures of a run: what `--json` prints as it stands, and what the table is made of. Durations in milliseconds. */
import type { LatencyFigures } from './latency.ts';
import type { Trouble } from './outcome.ts';
import type { Tally } from './tally.ts';

interface AnswerCount {
  /** `other` above `answerKindsMax` kinds. */
  readonly status: number | 'other';
  readonly code?: string;
  readonly count: number;
}

export interface Figures {
  /** Every call that was judged was as expected, and there was at least one. */
  readonly ok: boolean;
  readonly elapsedMs: number;
  readonly calls: {
    readonly wanted: number;
    readonly asExpected: number;
    readonly wrong: number;
    /** Cut short by the end of the run: not judged. */
    readonly givenUp: number;
  };
  /** Calls that went wrong, by the word for it. */
  readonly troubles: Readonly<Record<Trouble, number>>;
  readonly requests: { readonly sent: number; readonly repeats: number };
  /** Requests that were answered. */
  readonly answers: readonly AnswerCount[];
  /** Requests that were not. */
  readonly unanswered: { readonly timeout: number; readonly network: Readonly<Record<string, number>> };
  /** Answers that the caller would have cut. */
  readonly cut: number;
  /** Answers with keys left in `more`, and how many calls asked for them. */
  readonly more: { readonly answers: number; readonly pages: number };
  readonly breaker: { readonly opened: number; readonly refused: number };
  /** Calls that waited for a place, and the most that did at once. */
  readonly queue: { readonly waited: number; readonly longest: number };
  readonly latencyMs: {
    /** From the scheduled time to the end, queue and repeats included. */
    readonly call: LatencyFigures;
    readonly request: LatencyFigures;
    /** From the scheduled time to the beginning. */
    readonly queue: LatencyFigures;
  };
  readonly steps: readonly {
    readonly action: string;
    readonly calls: number;
    readonly wrong: number;
    readonly latencyMs: LatencyFigures;
  }[];
}

const answerCounts = (answers: ReadonlyMap<string, number>): readonly AnswerCount[] =>
  [...answers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => {
      const [status, code] = kind.split(' ');
      return {
        status: status === 'other' ? status : Number(status),
        ...(code === undefined ? {} : { code }),
        count,
      };
    });

export const figuresOf = (tally: Tally, elapsedMs: number): Figures => {
  const { wanted, asExpected, wrong, givenUp, sent, repeats, latency } = tally;
  return {
    ok: wrong === 0 && asExpected > 0,
    elapsedMs: Math.round(elapsedMs),
    calls: { wanted, asExpected, wrong, givenUp },
    troubles: { ...tally.troubles },
    requests: { sent, repeats },
    answers: answerCounts(tally.answers),
    unanswered: { timeout: tally.timeouts, network: Object.fromEntries(tally.network) },
    cut: tally.cut,
    more: { answers: tally.moreAnswers, pages: tally.pages },
    breaker: { opened: tally.breakerOpened, refused: tally.troubles.breaker_open },
    queue: { waited: tally.queued, longest: tally.longestQueue },
    latencyMs: {
      call: latency.call.figures(),
      request: latency.request.figures(),
      queue: latency.queue.figures(),
    },
    steps: tally.steps.map(({ action, calls, wrong: bad, latency: own }) => ({
      action,
      calls,
      wrong: bad,
      latencyMs: own.figures(),
    })),
  };
};

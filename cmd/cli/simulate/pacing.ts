/**
 * When calls are wanted. With a rate the clock decides, however long answers take (an open loop: a slow service does not slow
 * its callers); without one, so many callers that each ask again once they have their answer.
 */
import { type Clock, sleep } from '../../../pkg/process/clock.ts';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';

export interface Phase {
  /** Calls/s; undefined: without a schedule. */
  readonly rate: number | undefined;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly count: number;
}

export interface PhaseSpecLike {
  readonly rate?: number | undefined;
  readonly concurrency: number;
  readonly durationSeconds?: number | undefined;
  readonly count?: number | undefined;
}

export const phaseOf = ({ rate, concurrency, durationSeconds, count }: PhaseSpecLike): Phase => ({
  rate,
  concurrency,
  durationMs: (durationSeconds ?? simulateLimits.durationSecondsMax) * 1_000,
  count: count ?? Number.POSITIVE_INFINITY,
});

/** The phase's `n`-th arrival, from 0. @returns milliseconds from the phase's start; undefined after the last one */
const arrivalMs = ({ rate, durationMs, count }: Phase, n: number): number | undefined => {
  if (rate === undefined || n >= count) return undefined;
  const at = (n * 1_000) / rate;
  return at < durationMs ? at : undefined;
};

interface PacingOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One call, wanted at this time. Never rejects. @returns when it has ended, whether all was well */
  readonly want: (scheduledAt: number) => Promise<boolean>;
}

const byTheClock = async (phase: Phase, { clock, signal, want }: PacingOptions): Promise<void> => {
  const start = clock.now();
  const until = async (ms: number): Promise<void> => {
    const wait = start + ms - clock.now();
    if (wait > 0) await sleep(clock, wait, signal);
  };
  let n = 0;
  for (let at = arrivalMs(phase, n); at !== undefined && !signal.aborted; at = arrivalMs(phase, n)) {
    await until(at);
    void want(start + at);
    n += 1;
  }
  // The next phase begins when this one's time is over, not with its last arrival.
  if (n < phase.count) await until(phase.durationMs);
};

const oneAfterTheOther = async (phase: Phase, { clock, signal, want }: PacingOptions): Promise<void> => {
  const start = clock.now();
  let wanted = 0;
  const isOver = () => signal.aborted || wanted >= phase.count || clock.now() - start >= phase.durationMs;
  const caller = async (): Promise<void> => {
    while (!isOver()) {
      wanted += 1;
      const ok = await want(clock.now());
      if (!ok && !isOver()) await sleep(clock, simulateLimits.pauseAfterWrongMs, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(phase.concurrency, phase.count) }, caller));
};

/** Resolves when the phase wants no more calls; those of a rate may still be under way.
 * @throws the signal's reason */
export const pacePhase = (phase: Phase, options: PacingOptions): Promise<void> =>
  phase.rate === undefined ? oneAfterTheOther(phase, options) : byTheClock(phase, options);

/**
 * Runs a scenario's phases one after the other against the places and the queue of one business unit.
 */
import type { Clock } from '../../../pkg/process/clock.ts';
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import type { Call } from './call-maker.ts';
import { createCallerQueue } from './caller-queue.ts';
import { type Phase, pacePhase } from './pacing.ts';
import { countCall, type Tally } from './tally.ts';

export interface RunOptions {
  readonly clock: Clock;
  readonly phases: readonly Phase[];
  readonly queueMax: number;
  readonly nextCall: () => Call;
  /** @returns whether all was as expected */
  readonly perform: (call: Call, scheduledAt: number) => Promise<boolean>;
  readonly tally: Tally;
  /** Ends the run; what is under way is given up. */
  readonly end: AbortController;
}

export interface Run {
  readonly inFlight: number;
  readonly waiting: number;
  /** Resolves when every call has ended, or a while after the end. @throws what `perform` throws: a bug */
  readonly done: Promise<void>;
}

export const startRun = ({ clock, phases, queueMax, nextCall, perform, tally, end }: RunOptions): Run => {
  const onQueued = (waiting: number) => {
    tally.queued += 1;
    tally.longestQueue = Math.max(tally.longestQueue, waiting);
  };
  const queue = createCallerQueue({ queueMax, hooks: { onQueued } });
  const { signal } = end;
  signal.addEventListener('abort', queue.clear, { once: true });
  let failure: { readonly error: unknown } | undefined;

  const want = async (scheduledAt: number): Promise<boolean> => {
    tally.wanted += 1;
    const call = nextCall();
    const begin = async () => {
      tally.latency.queue.record(clock.now() - scheduledAt);
      return perform(call, scheduledAt);
    };
    const ended = await queue.run(begin).catch((error: unknown) => {
      failure ??= { error };
      end.abort();
      return false;
    });
    if (ended === 'full') countCall(tally, { step: call.step, verdict: 'queue_full' });
    if (ended === 'cleared') countCall(tally, { step: call.step, verdict: 'given_up' });
    return ended === true;
  };

  const paceAll = async (): Promise<void> => {
    for (const phase of phases) {
      queue.setPlaces(phase.concurrency);
      await pacePhase(phase, { clock, signal, want });
    }
  };

  const run = async (): Promise<void> => {
    try {
      await paceAll();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    const tooLong = clock.after(simulateLimits.drainMs, () => end.abort());
    await queue.idle();
    tooLong();
    if (failure) throw failure.error;
  };

  return {
    get inFlight() {
      return queue.inFlight;
    },
    get waiting() {
      return queue.waiting;
    },
    done: run(),
  };
};

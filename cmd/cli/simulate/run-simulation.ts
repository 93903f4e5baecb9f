/** Runs what was prepared against the service: connects the parts to real connections, the real clock, Ctrl-C and the terminal. */
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { type Clock, systemClock } from '../../../pkg/process/clock.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { onInterrupt } from '../on-interrupt.ts';
import { createCallerBreaker } from './caller-breaker.ts';
import { type Figures, figuresOf } from './figures.ts';
import { phaseOf } from './pacing.ts';
import { type PerformOptions, performCall } from './perform-call.ts';
import type { prepareRun } from './prepare-run.ts';
import { progressText, showProgress } from './progress.ts';
import type { RepeatPolicy } from './repeat.ts';
import { type RunOptions, startRun } from './run.ts';
import { createSender } from './send-request.ts';
import type { SimulateFlags } from './simulate-flags.ts';
import { createTally, type Tally } from './tally.ts';

type Prepared = Awaited<ReturnType<typeof prepareRun>>;

const policyOf = (flags: SimulateFlags): RepeatPolicy => ({
  repeats: flags.repeats,
  on: new Set(flags['repeat-on']),
  delayMs: flags['repeat-delay-ms'],
  honourRetryAfter: flags['honour-retry-after'] ?? false,
});

const breakerOf = (flags: SimulateFlags, clock: Clock, tally: Tally) => {
  const onOpen = () => {
    tally.breakerOpened += 1;
  };
  const rule = {
    failedPercent: flags['breaker-failed-percent'],
    windowMs: flags['breaker-window-ms'],
    rateMin: flags['breaker-rate-min'],
    openMs: flags['breaker-open-ms'],
  };
  return createCallerBreaker({ clock, rule, hooks: { onOpen } });
};

/** Time-outs are the sender's, the one for connecting too. */
const openAgent = (): Agent =>
  new Agent({
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: requestLimits.callerWaitMsMax },
  });

export const runSimulation = async (flags: SimulateFlags, prepared: Prepared): Promise<Figures> => {
  const { url, scenario, nextCall, sign } = prepared;
  const clock = systemClock;
  const end = new AbortController();
  const { signal } = end;
  const tally = createTally(scenario.steps.map(({ action }) => action));
  const dispatcher = openAgent();
  const send = createSender({ url, clock, dispatcher, signal });
  const options: PerformOptions = {
    ...{ clock, send, sign, newId: randomUUID, tally, signal },
    timeoutMs: flags['timeout-ms'],
    policy: policyOf(flags),
    breaker: breakerOf(flags, clock, tally),
    followMore: flags['follow-more'] ?? false,
  };
  const perform: RunOptions['perform'] = (call, scheduledAt) => performCall(call, scheduledAt, options);
  // Ctrl-C ends the run, not the process: the figures so far are worth something.
  onInterrupt(() => end.abort());
  const began = clock.now();
  const phases = scenario.phases.map(phaseOf);
  const run = startRun({ clock, phases, queueMax: flags.queue, nextCall, perform, tally, end });
  const hide = showProgress(process.stderr, () => progressText(tally, run, clock.now() - began));
  try {
    await run.done;
  } finally {
    hide();
    await dispatcher.destroy();
  }
  return figuresOf(tally, clock.now() - began);
};

/** What a run says while it goes on: one line that is written over on a terminal, a line now and then elsewhere. */
import { simulateLimits } from '../../../pkg/process/simulate-limits.ts';
import type { Tally } from './tally.ts';

interface Load {
  readonly inFlight: number;
  readonly waiting: number;
}

/** @param elapsedMs  since the run began */
export const progressText = ({ asExpected, wrong, latency }: Tally, { inFlight, waiting }: Load, elapsedMs: number) => {
  const seconds = Math.floor(elapsedMs / 1_000);
  const p99 = latency.call.figures().p99;
  return (
    `${seconds} s: ${asExpected + wrong} calls, ${wrong} wrong, ${inFlight} in flight, ${waiting} queued, ` +
    `p99 ${Math.round(p99)} ms`
  );
};

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** @returns ends it. Keeps the process alive until then */
export const showProgress = (out: Terminal, text: () => string): (() => void) => {
  const onTerminal = out.isTTY === true;
  const clearLine = '\r\x1b[K';
  const show = () => void out.write(onTerminal ? `${clearLine}${text()}` : `${text()}\n`);
  const timer = setInterval(show, onTerminal ? simulateLimits.progressMs : simulateLimits.progressPlainMs);
  return () => {
    clearInterval(timer);
    if (onTerminal) out.write(clearLine);
  };
};

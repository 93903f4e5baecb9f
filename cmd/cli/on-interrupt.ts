/** Ctrl-C of a command that has something to finish. */
import { systemClock } from '../../pkg/process/clock.ts';
import { onStopSignal } from '../../pkg/process/stop-signals.ts';

/** What a shell says of whom Ctrl-C ended: 128 and the number of SIGINT. */
const interrupted = 130;

/** Through npm one Ctrl-C comes twice: from the terminal, which tells the whole group, and from npm, which passes on what it was told. */
const echoMs = 1_000;

/** @param stop  what it does at the first one; another one ends the process */
export const onInterrupt = (stop: () => void): void =>
  void onStopSignal({ stop, endNow: () => process.exit(interrupted), echoMs }, systemClock);

/**
 * The signals that ask a process to end: the first asks it to finish what it has begun, a later one means now.
 *
 * Through npm one Ctrl-C comes twice: from the terminal, which tells the whole group, and from npm, which passes on what it was told. What comes right
 * after the first is the first once more.
 */
import type { Clock } from './clock.ts';

const echoMs = 1_000;

interface Answers {
  /** To the first one. */
  stop(): void;
  /** To one that comes later than an echo. */
  endNow(): void;
}

/** Where they come from: the process, but in tests. */
interface Source {
  on(event: string, heard: () => void): unknown;
  /** There is one where a parent listens. */
  readonly send?: unknown;
}

/** For as long as the process lives: nobody is left to be killed by an echo.
 * @returns whether one has come */
export const onStopSignal = ({ stop, endNow }: Answers, clock: Clock, source: Source = process): (() => boolean) => {
  let firstAt: number | undefined;
  const heard = (): void => {
    if (firstAt === undefined) {
      firstAt = clock.now();
      stop();
    } else if (clock.now() - firstAt > echoMs) endNow();
  };
  for (const name of ['SIGINT', 'SIGTERM']) source.on(name, heard);
  // A parent that is gone cannot stop us any more.
  if (source.send !== undefined) source.on('disconnect', heard);
  return () => firstAt !== undefined;
};

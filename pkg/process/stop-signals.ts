/**
 * The signals that ask a process to end: the first asks it to finish what it has begun, a later one means now.
 */
import type { Clock } from './clock.ts';

interface Answers {
  /** To the first one. */
  stop(): void;
  /** To any later one. */
  endNow(): void;
  /** What comes within this time is the first once more; left out: nothing is. */
  readonly echoMs?: number;
}

/** Where they come from: the process, but in tests. */
interface Source {
  on(event: string, heard: () => void): unknown;
  /** There is one where a parent listens. */
  readonly send?: unknown;
}

/** For as long as the process lives.
 * @returns whether one has come */
export const onStopSignal = (
  { stop, endNow, echoMs = 0 }: Answers,
  clock: Clock,
  source: Source = process,
): (() => boolean) => {
  let firstAt: number | undefined;
  const heard = (): void => {
    if (firstAt === undefined) {
      firstAt = clock.now();
      stop();
    } else if (clock.now() - firstAt >= echoMs) endNow();
  };
  for (const name of ['SIGINT', 'SIGTERM']) source.on(name, heard);
  // A parent that is gone cannot stop us any more.
  if (source.send !== undefined) source.on('disconnect', heard);
  return () => firstAt !== undefined;
};

/**
 * Where the lines of a process go that writes one for each request: those of some milliseconds in one write. To a pipe that does not block, so that
 * a slow reader of the log, or one that has stopped, holds up no request.
 *
 * Lines that wait for such a reader are bounded: more are dropped and counted. What waits when the process ends is written then, within a bound; a
 * kill loses it. pino's own destination costs several times as much for a line (docs/performance/history.md).
 */
import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { thrownCode } from '../errors/thrown-code.ts';
import type { Clock } from '../process/clock.ts';
import { logLimits } from '../process/limits.ts';

export interface LogStream extends DestinationStream {
  /** @returns lines that were dropped since it was last asked */
  takeDropped(): number;
  /** Writes what waits before it returns, for a process that ends.
   * @param waitMs  for a reader at most; what it has not taken by then is lost */
  flush(waitMs?: number): void;
}

const linesIn = (text: Buffer): number => text.toString('latin1').split('\n').length - 1;

/** Nobody wakes who waits for it. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** @param fd  file descriptor; of a pipe: one that does not block, as `process.stdout.fd` is */
export const createLogStream = (clock: Clock, fd: number): LogStream => {
  let lines = '';
  /** Of a write that has begun, what a full pipe had no room for. */
  let rest: Buffer | undefined;
  let dropped = 0;
  /** To be sent by a timer. */
  let isDue = false;

  const takeLines = (): Buffer => {
    const bytes = Buffer.from(lines);
    lines = '';
    return bytes;
  };

  const writeRest = (bytes: Buffer): Buffer | undefined => {
    const left = bytes.subarray(writeSync(fd, bytes));
    return left.length > 0 ? left : undefined;
  };

  /** @returns false: the pipe is full */
  const send = (): boolean => {
    while (rest || lines !== '') {
      const bytes = rest ?? takeLines();
      rest = bytes;
      try {
        rest = writeRest(bytes);
      } catch (error) {
        if (thrownCode(error) === 'EAGAIN') return false;
        // Nobody can be told of it here, and no call fails for it.
        dropped += linesIn(bytes);
        rest = undefined;
      }
    }
    return true;
  };

  const sendAfter = (ms: number): void => {
    if (isDue) return;
    isDue = true;
    clock.after(ms, () => {
      isDue = false;
      if (!send()) sendAfter(logLimits.retryMs);
    });
  };

  return {
    write: (line) => {
      if (lines.length + line.length > logLimits.waitingLengthMax) {
        dropped += 1;
        return;
      }
      lines += line;
      if (rest || lines.length < logLimits.chunkLength) sendAfter(logLimits.flushMs);
      else if (!send()) sendAfter(logLimits.retryMs);
    },
    takeDropped: () => {
      const taken = dropped;
      dropped = 0;
      return taken;
    },
    flush: (waitMs = logLimits.exitMs) => {
      for (let waited = 0; !send() && waited < waitMs; waited += logLimits.retryMs)
        Atomics.wait(never, 0, 0, logLimits.retryMs);
    },
  };
};

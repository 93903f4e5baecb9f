/**
 * Where the lines of a process go that writes one for each request: those of some milliseconds in one write, made by another thread, so that
 * a slow reader of the log, or one that has stopped, holds up no request.
 *
 * Lines that wait for such a reader are bounded: more are dropped and counted. What waits when the process ends is written then; a kill loses it.
 * pino's own destination costs several times as much for a line (docs/performance/history.md).
 */
import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import type { Clock } from '../process/clock.ts';
import { logLimits } from '../process/limits.ts';

export interface LogStream extends DestinationStream {
  /** @returns lines that were dropped since it was last asked */
  takeDropped(): number;
  /** Writes what waits before it returns: for a process that ends. */
  flush(): void;
}

const linesIn = (text: string): number => text.split('\n').length - 1;

/** @param fd  file descriptor; 1 is stdout */
export const createLogStream = (clock: Clock, fd: number): LogStream => {
  let lines = '';
  let dropped = 0;
  let isWriting = false;
  /** What a pipe that does not block had no room for. */
  let refused: Buffer | undefined;
  let cancel: (() => void) | undefined;

  const drop = (text: string): void => {
    dropped += linesIn(text);
  };

  const sendSoon = (): void => {
    cancel ??= clock.after(logLimits.flushMs, () => {
      cancel = undefined;
      send();
    });
  };

  const writeOn = (text: string, bytes: Buffer): void =>
    write(fd, bytes, (error, count) => {
      if (error?.code === 'EAGAIN') return tryAgain(text, bytes);
      if (!error && count < bytes.length) return writeOn(text, bytes.subarray(count));
      // Nobody can be told of it here, and no call fails for it.
      if (error) drop(text);
      isWriting = false;
      if (lines.length >= logLimits.chunkLength) send();
    });

  const tryAgain = (text: string, bytes: Buffer): void => {
    refused = bytes;
    clock.after(logLimits.flushMs, () => {
      refused = undefined;
      writeOn(text, bytes);
    });
  };

  const send = (): void => {
    if (isWriting) sendSoon();
    if (isWriting || lines === '') return;
    isWriting = true;
    const text = lines;
    lines = '';
    writeOn(text, Buffer.from(text));
  };

  return {
    write: (line) => {
      if (lines.length + line.length > logLimits.waitingLengthMax) return drop(line);
      lines += line;
      if (lines.length >= logLimits.chunkLength && !isWriting) send();
      else sendSoon();
    },
    takeDropped: () => {
      const taken = dropped;
      dropped = 0;
      return taken;
    },
    flush: () => {
      cancel?.();
      cancel = undefined;
      const rest = [refused ?? Buffer.alloc(0), Buffer.from(lines)];
      lines = '';
      try {
        for (const bytes of rest) writeSync(fd, bytes);
      } catch {
        // As above.
      }
    },
  };
};

/**
 * Structured logs: pino, one JSON line per event, constant messages.
 *
 * Errors are written without their texts: a driver's message may quote a row, a statement or a password. What stays is
 * name, code, SQLSTATE, our own AppError's message (which by rule holds no value), and where it happened.
 */
import { type DestinationStream, pino } from 'pino';
import { AppError } from '../errors/app-error.ts';
import { thrownCode } from '../errors/thrown-code.ts';
import { type Clock, systemClock } from '../process/clock.ts';

/** With a message always: without one, pino takes an error's own. */
interface Log {
  (message: string): void;
  (fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Logger extends Readonly<Record<'debug' | 'info' | 'warn' | 'error' | 'fatal', Log>> {
  /** False: a line of this level is not written, and need not be made. */
  isLevelEnabled(level: LogLevel): boolean;
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

const causesMax = 5;
const framesMax = 8;

const safeCode = (error: Error): string | undefined => {
  const code = thrownCode(error);
  return code !== undefined && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
};

/** Of the stack, what is certainly no part of the message before it. */
const frames = (error: Error): readonly string[] =>
  (error.stack ?? '')
    .replace(error.message, '')
    .split('\n')
    .filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line))
    .slice(0, framesMax)
    .map((line) => line.trim());

/** What may be written of an error, its causes included. */
export const describeError = (error: unknown, depth = 0): Readonly<Record<string, unknown>> => {
  if (!(error instanceof Error)) return { name: typeof error };
  const known = error instanceof AppError;
  return {
    name: error.name,
    code: safeCode(error),
    ...(known ? { message: error.message } : { frames: frames(error) }),
    ...(error.cause !== undefined && depth < causesMax ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
};

/** As pino wants it: the same text for all lines of a millisecond. */
const timestamps = (clock: Clock): (() => string) => {
  let [of, text] = [Number.NaN, ''];
  return () => {
    const now = clock.wall();
    if (now !== of) [of, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
};

/** @param destination  stdout when left out */
export const createLogger = (level: LogLevel, destination?: DestinationStream, clock: Clock = systemClock): Logger => {
  const options = {
    level,
    base: null,
    timestamp: timestamps(clock),
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: (error: unknown) => describeError(error), err: (error: unknown) => describeError(error) },
  };
  return destination ? pino(options, destination) : pino(options);
};

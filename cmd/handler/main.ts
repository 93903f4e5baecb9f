/**
 * The handler process: settings from the environment, start, wait for a signal, stop.
 */
import { problemText } from '../../pkg/errors/problem.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { loadSettings } from '../../pkg/process/settings.ts';
import { keepTickShape } from '../../pkg/process/tick-shape.ts';
import { createLogStream } from '../../pkg/telemetry/log-stream.ts';
import { createLogger } from '../../pkg/telemetry/logger.ts';
import { createHandler } from './handler.ts';

keepTickShape();

const usageError = 2;

const settings = loadSettings(process.env);
if (!settings.ok) {
  for (const problem of settings.problems) process.stderr.write(`${problemText(problem)}\n`);
  process.exit(usageError);
}

// Asking for it is what makes a pipe one that does not block.
const logStream = createLogStream(systemClock, process.stdout.fd);
const logger = createLogger(settings.value.LOG_LEVEL, logStream);
process.on('exit', () => logStream.flush());
const fail = (error: unknown): never => {
  const isTaken = error instanceof Error && Reflect.get(error, 'code') === 'EADDRINUSE';
  logger.fatal({ error }, isTaken ? 'a port is taken: set PORT or ADMIN_PORT' : 'cannot go on');
  process.exit(1);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
const handler = createHandler(settings.value, systemClock, logger, logStream);

let signals = 0;
const onSignal = (): void => {
  signals += 1;
  // A second signal means now.
  if (signals > 1) process.exit(1);
  handler.stop().then(() => process.exit(0), fail);
};
process.on('SIGTERM', onSignal);
process.on('SIGINT', onSignal);
// A parent that is gone cannot stop us any more.
if (process.send) process.on('disconnect', onSignal);

const ports = await handler.start().catch((error: unknown) => (signals > 0 ? undefined : fail(error)));
// For a parent process that started us (npm start, tests): where we listen.
if (ports) process.send?.({ type: 'listening', ...ports });

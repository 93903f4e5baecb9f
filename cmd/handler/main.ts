/**
 * The handler process: settings from the environment, start, wait for a signal, stop.
 */
import { systemClock } from '../../pkg/process/clock.ts';
import { loadSettings } from '../../pkg/process/settings.ts';
import { createLogger } from '../../pkg/telemetry/logger.ts';
import { createHandler } from './handler.ts';

const usageError = 2;

const settings = loadSettings(process.env);
if (!settings.ok) {
  for (const { path, expected } of settings.problems) process.stderr.write(`${path}: expected ${expected}\n`);
  process.exit(usageError);
}

const logger = createLogger(settings.value.LOG_LEVEL);
const handler = createHandler(settings.value, systemClock, logger);

const fail = (error: unknown): never => {
  logger.fatal({ error }, 'cannot go on');
  process.exit(1);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

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

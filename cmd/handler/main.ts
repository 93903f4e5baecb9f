/**
 * The handler process: settings from the environment, start, wait for a signal, stop.
 */
import { problemText } from '../../pkg/errors/problem.ts';
import { ListenError } from '../../pkg/http/listen-error.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { loadSettings } from '../../pkg/process/settings.ts';
import { onStopSignal } from '../../pkg/process/stop-signals.ts';
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
const settingNames = { host: 'HOST', port: 'PORT or ADMIN_PORT' } as const;
const fail = (error: unknown): never => {
  if (error instanceof ListenError) logger.fatal(`${settingNames[error.setting]}: ${error.message}`);
  else logger.fatal({ error }, 'cannot go on');
  process.exit(1);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
const handler = createHandler(settings.value, systemClock, logger, logStream);

const stop = (): void => void handler.stop().then(() => process.exit(0), fail);
const asked = onStopSignal({ stop, endNow: () => process.exit(1) }, systemClock);

const ports = await handler.start().catch((error: unknown) => (asked() ? undefined : fail(error)));
// For a parent process that started us (npm start, tests): where we listen.
if (ports) process.send?.({ type: 'listening', ...ports });

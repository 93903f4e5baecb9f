/**
 * The controller process: settings from the environment, start, wait for a signal, stop.
 */
import { problemText } from '../../pkg/errors/problem.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { loadControllerSettings } from '../../pkg/process/controller-settings.ts';
import { createLogger } from '../../pkg/telemetry/logger.ts';
import { createControllerProcess } from './controller.ts';

const usageError = 2;

const settings = loadControllerSettings(process.env);
if (!settings.ok) {
  for (const problem of settings.problems) process.stderr.write(`${problemText(problem)}\n`);
  process.exit(usageError);
}

const logger = createLogger(settings.value.LOG_LEVEL);
const fail = (error: unknown): never => {
  const isTaken = error instanceof Error && Reflect.get(error, 'code') === 'EADDRINUSE';
  logger.fatal({ error }, isTaken ? 'a port is taken: set CONTROLLER_ADMIN_PORT' : 'cannot go on');
  process.exit(1);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const create = () => {
  try {
    return createControllerProcess(settings.value, systemClock, logger);
  } catch (error) {
    logger.fatal(
      { error },
      'KUBECONFIG: expected a file that can be read and leads to an https server, without proxy-url',
    );
    return process.exit(usageError);
  }
};
const controller = create();

let signals = 0;
const onSignal = (): void => {
  signals += 1;
  // A second signal means now.
  if (signals > 1) process.exit(1);
  controller.stop().then(() => process.exit(0), fail);
};
process.on('SIGTERM', onSignal);
process.on('SIGINT', onSignal);
// A parent that is gone cannot stop us any more.
if (process.send) process.on('disconnect', onSignal);

const ports = await controller.start().catch((error: unknown) => (signals > 0 ? undefined : fail(error)));
// For a parent process that started us (npm run start:cluster, tests): where we listen.
if (ports) process.send?.({ type: 'listening', ...ports });

/**
 * The controller process: settings from the environment, start, wait for a signal, stop.
 */
import { problemText } from '../../pkg/errors/problem.ts';
import { ListenError } from '../../pkg/http/listen-error.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { loadControllerSettings } from '../../pkg/process/controller-settings.ts';
import { onStopSignal } from '../../pkg/process/stop-signals.ts';
import { createLogger } from '../../pkg/telemetry/logger.ts';
import { createControllerProcess } from './controller.ts';

const usageError = 2;

const settings = loadControllerSettings(process.env);
if (!settings.ok) {
  for (const problem of settings.problems) process.stderr.write(`${problemText(problem)}\n`);
  process.exit(usageError);
}

const logger = createLogger(settings.value.LOG_LEVEL);
const settingNames = { host: 'HOST', port: 'CONTROLLER_ADMIN_PORT' } as const;
const fail = (error: unknown): never => {
  if (error instanceof ListenError) logger.fatal(`${settingNames[error.setting]}: ${error.message}`);
  else logger.fatal({ error }, 'cannot go on');
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

const stop = (): void => void controller.stop().then(() => process.exit(0), fail);
const asked = onStopSignal({ stop, endNow: () => process.exit(1) }, systemClock);

const ports = await controller.start().catch((error: unknown) => (asked() ? undefined : fail(error)));
// For a parent process that started us (npm run start:cluster, tests): where we listen.
if (ports) process.send?.({ type: 'listening', ...ports });

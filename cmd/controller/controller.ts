/**
 * The controller process, put together from its parts: the client of the API server, the controller itself, and its admin port.
 */
import { randomUUID } from 'node:crypto';
import { type Controller, createController } from '../../pkg/controller/controller.ts';
import { createControllerApp } from '../../pkg/http/controller-app.ts';
import { createHttpServer } from '../../pkg/http/http-server.ts';
import { createKubernetesClient } from '../../pkg/kubernetes/client.ts';
import type { KubernetesSource } from '../../pkg/kubernetes/credentials.ts';
import { leaseTimes } from '../../pkg/kubernetes/lease.ts';
import { type Clock, sleep } from '../../pkg/process/clock.ts';
import type { ControllerSettings } from '../../pkg/process/controller-settings.ts';
import { controllerLimits } from '../../pkg/process/limits.ts';
import { controllerMetricTable } from '../../pkg/telemetry/controller-metric-table.ts';
import type { Logger } from '../../pkg/telemetry/logger.ts';
import { createMetrics } from '../../pkg/telemetry/metrics.ts';
import { createObserver } from './observe.ts';

export interface ControllerProcess {
  /** Resolves when the admin port listens and the controller is at work. */
  start(): Promise<{ readonly adminPort: number }>;
  /** Lets go of the Lease, then closes everything. Safe twice. */
  stop(): Promise<void>;
}

const sourceOf = (settings: ControllerSettings): KubernetesSource => {
  const { KUBECONFIG: file, KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port } = settings;
  return file === undefined ? { kind: 'in-cluster', host, port: String(port) } : { kind: 'kubeconfig', file };
};

/** @throws when the kubeconfig cannot be read */
export const createControllerProcess = (
  settings: ControllerSettings,
  clock: Clock,
  logger: Logger,
): ControllerProcess => {
  const client = createKubernetesClient({ source: sourceOf(settings), clock });
  const own = settings.POD_NAMESPACE ?? client.namespace ?? 'default';
  const namespace = settings.WATCH_NAMESPACE ?? own;
  const metrics = createMetrics({ processMetrics: true, table: controllerMetricTable });
  const controller: Controller = createController({
    client,
    namespace,
    secretsWatch: settings.SECRETS_WATCH,
    bundleDir: settings.BUNDLE_DIR,
    handlerAdminUrl: settings.HANDLER_ADMIN_URL,
    lease: { namespace: own, name: settings.LEASE_NAME },
    times: leaseTimes(settings.LEASE_DURATION_SECONDS * 1_000),
    // A restart in the same pod is another one.
    identity: `${settings.POD_NAME}_${randomUUID()}`,
    clock,
    hooks: createObserver(metrics, logger),
  });
  const admin = createHttpServer({
    host: settings.HOST,
    port: settings.CONTROLLER_ADMIN_PORT,
    clock,
    listener: createControllerApp({
      metrics,
      alive: controller.alive,
      started: controller.hasBundle,
      onError: (error) => logger.error({ error }, 'unexpected error'),
    }),
  });

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    logger.info('stopping');
    // Whoever does not let go soon is left behind.
    await Promise.race([controller.stop(), sleep(clock, controllerLimits.stopMs)]);
    await client.close();
    await admin.stop(controllerLimits.adminStopMs);
    logger.info('stopped');
  };

  return {
    start: async () => {
      const adminPort = await admin.start();
      await controller.start();
      logger.info({ namespace, adminPort }, 'following DataActionConfigs');
      return { adminPort };
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};

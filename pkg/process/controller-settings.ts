/**
 * The controller's settings. None of them leads to a database: what reads Secrets cannot read customers.
 *
 * The README's table of them is compared with `controllerSettings` by a test.
 */
import { type Parsed, refused } from '../errors/problem.ts';
import { kubernetesLimits } from './limits.ts';
import {
  type Environment,
  logLevel,
  oneOf,
  readSettings,
  type Setting,
  type Settings,
  text,
  url,
  whole,
} from './setting.ts';

export const controllerSettings = {
  WATCH_NAMESPACE: text(
    undefined,
    'Namespace whose DataActionConfigs and Secrets are followed; left out: POD_NAMESPACE',
  ),
  POD_NAMESPACE: text(undefined, 'Namespace of the Lease; left out: that of the ServiceAccount, or of the kubeconfig'),
  POD_NAME: text('controller', 'Name of the pod, by which the Lease and Events name this controller'),
  LEASE_NAME: text('cxone-data-actions', 'Name of the Lease, whose holder writes status and Events'),
  LEASE_DURATION_SECONDS: whole(
    kubernetesLimits.leaseMs / 1_000,
    kubernetesLimits.leaseMs / 1_000,
    kubernetesLimits.leaseMsMax / 1_000,
    'Seconds after which a Lease that was not renewed may be taken by another controller; its holder renews it within two thirds of them',
  ),
  SECRETS_WATCH: oneOf(
    ['all', 'named'],
    'all',
    'How Secrets are followed: `all` by one watch of the namespace, `named` by one for each Secret that is referred to, as a Role with `resourceNames` asks for',
  ),
  BUNDLE_DIR: text(
    '/run/data-actions',
    'Directory of the configuration bundle, which the controller writes and the handler reads',
  ),
  HANDLER_ADMIN_URL: url(
    ['http:'],
    'URL of the administration port of the handler in the same pod, which is asked what it serves',
    {
      fallback: 'http://127.0.0.1:8081',
    },
  ),
  HOST: text('0.0.0.0', 'Address on which the controller listens'),
  CONTROLLER_ADMIN_PORT: whole(8082, 0, 65_535, 'Port for health and metrics'),
  KUBECONFIG: text(undefined, 'Kubeconfig file of the API server; left out: the ServiceAccount of the pod'),
  KUBERNETES_SERVICE_HOST: text(undefined, 'Host of the API server; Kubernetes sets it in every pod'),
  KUBERNETES_SERVICE_PORT: whole(443, 1, 65_535, 'Port of the API server; Kubernetes sets it in every pod'),
  LOG_LEVEL: logLevel,
} as const satisfies Record<string, Setting<unknown>>;

const optional = ['WATCH_NAMESPACE', 'POD_NAMESPACE', 'KUBECONFIG', 'KUBERNETES_SERVICE_HOST'] as const;

/** By the names of the environment's variables. */
export type ControllerSettings = Settings<typeof controllerSettings, (typeof optional)[number]>;

/** All problems at once. */
export const loadControllerSettings = (env: Environment): Parsed<ControllerSettings> => {
  const settings = readSettings(controllerSettings, { optional }, env);
  if (!settings.ok) return settings;
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST } = settings.value;
  return KUBECONFIG === undefined && KUBERNETES_SERVICE_HOST === undefined
    ? refused([{ path: 'KUBECONFIG', expected: 'a file, outside of a pod' }])
    : settings;
};

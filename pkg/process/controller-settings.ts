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
  WATCH_NAMESPACE: text(undefined, 'Whose DataActionConfigs and Secrets are followed; left out: the own namespace'),
  POD_NAMESPACE: text(
    undefined,
    'Where the Lease is; left out: the namespace of the ServiceAccount, or of the kubeconfig',
  ),
  POD_NAME: text('controller', 'Stands in the Lease and in Events'),
  LEASE_NAME: text('cxone-data-actions', 'The Lease of whoever writes status and Events'),
  LEASE_DURATION_SECONDS: whole(
    kubernetesLimits.leaseMs / 1_000,
    kubernetesLimits.leaseMs / 1_000,
    kubernetesLimits.leaseMsMax / 1_000,
    'How long others wait for a holder that is silent; it renews within two thirds of it',
  ),
  SECRETS_WATCH: oneOf(
    ['all', 'named'],
    'all',
    '`all`: one watch of the namespace; `named`: one for each Secret referred to, for a Role with `resourceNames`',
  ),
  BUNDLE_DIR: text('/run/data-actions', 'Directory of the configuration bundle'),
  HANDLER_ADMIN_URL: url(['http:'], 'Where the handler of this pod says what it serves', {
    fallback: 'http://127.0.0.1:8081',
  }),
  HOST: text('0.0.0.0', 'Address the server listens on'),
  CONTROLLER_ADMIN_PORT: whole(8082, 0, 65_535, 'Health and metrics'),
  KUBECONFIG: text(undefined, 'File that leads to the API server; left out: the ServiceAccount of the pod'),
  KUBERNETES_SERVICE_HOST: text(undefined, 'The API server, as Kubernetes says in every pod'),
  KUBERNETES_SERVICE_PORT: whole(443, 1, 65_535, 'Its port, likewise'),
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

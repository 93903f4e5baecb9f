/**
 * A pod over a tenant cluster and a database of a test file's own, with both its processes up: what most tests of the controller begin with.
 */
import { customerId, prepareDatabase, type TestDatabase } from './database.ts';
import { createPod, type Pod, type PodAnswer, type PodOptions, untilUp } from './pod.ts';
import { startPostgres } from './postgres.ts';
import type { Service } from './service.ts';
import { secretFor, startTenantCluster, type TenantCluster, useNamespace } from './tenant-cluster.ts';
import { until } from './until.ts';

export interface TenantPod {
  readonly cluster: TenantCluster;
  readonly pod: Pod;
  readonly postgres: Service;
  readonly database: TestDatabase;
  /** Asks for a customer of acme. @param secret  default: that of `applyTenant` */
  ask(tenantId: string, secret?: string): Promise<PodAnswer>;
  untilAnswered(tenantId: string, status: number, secret?: string): Promise<void>;
}

export const startTenantPod = async (
  namespace: string,
  options: Partial<PodOptions> & { readonly up?: boolean } = {},
): Promise<TenantPod> => {
  const [kube, postgres] = await Promise.all([startTenantCluster(), startPostgres()]);
  const cluster = await useNamespace(kube, namespace);
  const database = await prepareDatabase(postgres);
  const pod = await createPod({
    databaseUrl: database.url,
    kubeconfig: kube.adminKubeconfig,
    namespace,
    ...options,
  });
  if (options.up !== false) await startBoth(pod);
  const ask = (tenantId: string, secret = secretFor(tenantId)) =>
    pod.ask(tenantId, { customer_ids: [customerId(1)] }, { secret });
  return {
    cluster,
    pod,
    postgres,
    database,
    ask,
    untilAnswered: (tenantId, status, secret) =>
      until(`${status} for ${tenantId}`, async () => {
        const answer = await ask(tenantId, secret);
        if (answer.status !== status) throw new Error(`${answer.status} ${answer.text}`);
      }),
  };
};

export const startBoth = async ({ controller, handler }: Pod): Promise<void> => {
  await controller.start();
  await untilUp('the first bundle', controller, '/startupz');
  await handler.start();
  await untilUp('the handler', handler, '/readyz');
};

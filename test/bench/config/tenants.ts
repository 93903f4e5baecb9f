/**
 * The tenants of the bench, and the one change that is measured: another statement for the action, so that it is compiled, asked about at
 * PostgreSQL and seen in the next answer.
 */
import { hmacKey } from '../../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../../pkg/webhook/hmac-body.ts';
import { customerId } from '../../services/database.ts';
import { collectionPath } from '../../services/kube-cluster.ts';
import { configManifest, secretFor, secretManifest, type TenantCluster } from '../../services/tenant-cluster.ts';
import type { RequestMaker } from '../request-maker.ts';
import { inParallel } from './in-parallel.ts';

/** Asked all the time while others change. Its cached answers need no PostgreSQL. */
export const busyTenant = 'busy';
/** Few enough to be answered from memory. */
export const busyCustomers = 1_000;
const signing = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
const busyLimits = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 10_000 };
const createAtOnce = 16;

export const tenantName = (n: number): string => `t-${n}`;

/** @param mark  stands in every row of the answer */
const specWith = (mark: string) => ({
  actions: [
    {
      name: 'process_customer_batch',
      input: [{ name: 'customer_ids', type: 'UUID', list: true }],
      lookup: {
        statement: `SELECT id, '${mark}' AS name, status FROM customers WHERE tenant_id = $1 AND id = ANY($2)`,
        parameters: ['tenant_id', 'customer_ids'],
        keys: 'customer_ids',
        keyColumn: 'id',
        output: 'customers',
      },
    },
  ],
});

const create = async ({ kube, namespace }: TenantCluster, name: string, spec: object): Promise<void> => {
  const post = async (collection: 'secrets' | 'dataactionconfigs', body: object) => {
    const { status, body: answer } = await kube.ask(collectionPath(namespace, collection), { method: 'POST', body });
    if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(answer)}`);
  };
  await post('secrets', secretManifest(name, { current: secretFor(name) }));
  await post('dataactionconfigs', configManifest(name, spec));
};

export const createBusyTenant = (cluster: TenantCluster): Promise<void> =>
  create(cluster, busyTenant, { limits: busyLimits, audit: 'DatabaseReads' });

/** Signed requests of one id each. */
export const busyRequests = (): RequestMaker => {
  let made = 0;
  return {
    next: () => {
      made += 1;
      const input = { tenant_id: busyTenant, customer_ids: [customerId((made % busyCustomers) + 1)] };
      const body = Buffer.from(JSON.stringify({ action: 'process_customer_batch', input }));
      const signature = hmacBody.sign(signing, hmacKey(secretFor(busyTenant)), body, 0);
      return { body, headers: { 'Content-Type': 'application/json', ...signature } };
    },
  };
};

/** `t-FROM` to `t-(TO - 1)`. */
export const createTenants = (cluster: TenantCluster, from: number, to: number): Promise<void> =>
  inParallel(createAtOnce, to - from, (n) => create(cluster, tenantName(from + n), specWith('new')));

/** `kubectl apply` of the whole object. */
export const applyChange = (cluster: TenantCluster, name: string, mark: string): Promise<void> =>
  cluster.apply(configManifest(name, specWith(mark)));

/** Only what changes, which costs the API server least. */
export const patchChange = async ({ kube, namespace }: TenantCluster, name: string, mark: string): Promise<void> => {
  const path = `${collectionPath(namespace, 'dataactionconfigs')}/${name}?fieldManager=test`;
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  const { status } = await kube.ask(path, { method: 'PATCH', headers, body: { spec: specWith(mark) } });
  if (status !== 200) throw new Error(`${name}: ${status}`);
};

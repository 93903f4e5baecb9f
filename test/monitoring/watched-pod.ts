/**
 * A pod with everything it can be connected to, scraped by a real Prometheus under the labels that a ServiceMonitor gives, and
 * traffic of every kind for it.
 */
import { cxoneActions, cxoneEnv, secretFor as cxoneSecretFor } from '../services/cxone-tenant.ts';
import { customerId } from '../services/database.ts';
import { startFakeCxone } from '../services/fake-cxone.ts';
import { startPrometheus, type TestPrometheus } from '../services/prometheus.ts';
import { openRaw, rawRequest } from '../services/raw-http.ts';
import { startRedis } from '../services/redis.ts';
import { configManifest, secretFor, secretManifest } from '../services/tenant-cluster.ts';
import { startTenantPod, type TenantPod } from '../services/tenant-pod.ts';
import { until } from '../services/until.ts';
import { rulesFile } from './alert-rules.ts';

export const namespace = 'watched';
export const job = 'actions-metrics';
export const podName = 'actions-0';

export interface WatchedPod extends TenantPod {
  readonly prometheus: TestPrometheus;
  /** One of everything: hits, misses, a transaction, a rollback, faults, refused signatures, limits, CXone calls, a caller that leaves. */
  traffic(): Promise<void>;
  /** Resolves when both endpoints have been scraped again. */
  scraped(): Promise<void>;
  /** Of the configuration; resolves when it is live. */
  change(): Promise<void>;
  stop(): Promise<void>;
}

const customers = { name: 'customer_ids', type: 'UUID', list: true };

const lookup = {
  name: 'process_customer_batch',
  input: [customers],
  lookup: {
    statement: 'SELECT id, name, status FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
    parameters: ['tenant_id', 'customer_ids'],
    keys: 'customer_ids',
    keyColumn: 'id',
    output: 'customers',
  },
};

const transaction = {
  name: 'set_customer_status',
  input: [customers, { name: 'status', type: 'String' }],
  transaction: {
    statements: [
      {
        text: 'UPDATE customers SET status = $3 WHERE tenant_id = $1 AND id = ANY($2) RETURNING id',
        parameters: ['tenant_id', 'customer_ids', 'status'],
        expectRows: 'PerKey',
      },
    ],
    invalidates: ['process_customer_batch'],
  },
};

/** Fine as a statement, and no row can be had of it. */
const broken = {
  name: 'broken',
  input: [{ name: 'keys', type: 'String', list: true }],
  lookup: {
    statement: "SELECT k AS id, 1 / (length(k) - length(k)) AS never FROM unnest($2) AS k WHERE $1 <> ''",
    parameters: ['tenant_id', 'keys'],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  },
};

/** As the two endpoints of the ServiceMonitor are told apart. */
const targetsOf = ({ pod }: TenantPod) =>
  (['handler', 'controller'] as const).map((container) => ({
    address: new URL(pod[container].url).host,
    labels: {
      namespace,
      pod: podName,
      container,
      endpoint: container === 'handler' ? 'admin' : 'controller',
      service: job,
    },
  }));

export const startWatchedPod = async (): Promise<WatchedPod> => {
  const [redis, fake] = await Promise.all([startRedis(), startFakeCxone()]);
  const own = await startTenantPod(namespace, {
    name: podName,
    handlerEnv: { REDIS_URL: redis.url, ...cxoneEnv(fake) },
  });
  const { cluster, pod } = own;
  await cluster.applyTenant({ name: 'acme', spec: { actions: [lookup, transaction, broken] } });
  await cluster.applyTenant({ name: 'narrow', spec: { limits: { requestsPerSecond: 1, burst: 1 } } });
  await cluster.apply(
    secretManifest('globex', { current: secretFor('globex') }),
    secretManifest('globex-cxone', cxoneSecretFor(fake.credentials)),
    configManifest('globex', {
      actions: cxoneActions,
      cxone: { issuer: fake.origin, secretRef: { name: 'globex-cxone' } },
    }),
  );
  for (const name of ['acme', 'narrow', 'globex']) await cluster.untilReady(name, 'True', 'Applied');
  const targets = targetsOf(own);
  const prometheus = await startPrometheus({ job, targets, rulesFile });
  /** Unix seconds of each endpoint's last good scrape. */
  const scrapes = async () => (await prometheus.query('timestamp(up == 1)')).map(({ value }) => value);
  const scraped = async () => {
    const last = Math.max(0, ...(await scrapes()));
    await until('a scrape', async () => {
      const times = (await scrapes()).filter((time) => time > last);
      if (times.length < targets.length) throw new Error(`${times.length} targets were scraped`);
    });
  };
  await scraped();

  const ask = (tenantId: string, action: string, input: object, secret = secretFor(tenantId)) =>
    pod.ask(tenantId, input, { action, secret });
  const leaveInBody = async (): Promise<void> => {
    const connection = await openRaw(Number(new URL(pod.url).port));
    connection.send(rawRequest('POST /data-action HTTP/1.1', ['Content-Length: 100'], '{'));
    connection.destroy();
  };
  let round = 0;

  return {
    ...own,
    prometheus,
    scraped,
    traffic: async () => {
      round += 1;
      const ids = (...numbers: readonly number[]) => ({ customer_ids: numbers.map(customerId) });
      const fresh = 10 + (round % 1_000);
      await Promise.all([
        ask('acme', 'process_customer_batch', ids(1)),
        ask('acme', 'process_customer_batch', ids(fresh, 999_999)),
        ask('acme', 'set_customer_status', { ...ids(2), status: 'active' }),
        ask('acme', 'set_customer_status', { ...ids(999_999), status: 'active' }),
        ask('acme', 'broken', { keys: ['a'] }),
        ask('acme', 'process_customer_batch', ids(1), 'not the secret of acme at all'),
        ask('nobody', 'process_customer_batch', ids(1)),
        ...[1, 2, 3].map(() => ask('narrow', 'process_customer_batch', ids(1))),
        ask('globex', 'get_contact', { contact_id: String(round) }),
        leaveInBody(),
      ]);
    },
    change: async () => {
      await cluster.applyTenant({ name: 'late' });
      await cluster.untilReady('late', 'True', 'Applied');
    },
    stop: async () => {
      await Promise.all([prometheus.stop(), pod.stop()]);
      await Promise.all([redis.stop(), fake.close()]);
    },
  };
};

// time limit: 240 s
/**
 * The controller as `npm run build` makes it, one file, with 1,000 tenants on a real API server, beside releases of Helm: what it holds in memory
 * with the environment that the chart gives it, while it writes all their statuses too. Counted is all of it (RSS), the pages of the Node program among it, some
 * 50 MiB, which the handler's process shares.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
import type { KubeApiServer } from '../services/kube-api-server.ts';
import { collectionPath } from '../services/kube-cluster.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { ownDirectory, ownProcess } from '../services/owned.ts';
import {
  configManifest,
  secretFor,
  secretManifest,
  startTenantCluster,
  useNamespace,
} from '../services/tenant-cluster.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
const namespace = 'memory';
const tenants = 1_000;
const rssMaxMiB = 100;
/** As in the chart, whose `heapPercent` of 45 is 86 MiB of its 192. */
const leanEnvironment = {
  NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=86',
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '65536',
  UV_THREADPOOL_SIZE: '2',
};
const applyAtOnce = 8;
/** As many as Helm keeps of five releases, each as large as a Secret may be. */
const helmReleases = 50;
const helmRelease = Buffer.alloc(1_000_000, 'release').toString('base64');

const createAll = async (kube: KubeApiServer): Promise<void> => {
  let next = 0;
  const post = async (collection: 'secrets' | 'dataactionconfigs', body: object) => {
    const answer = await kube.ask(collectionPath(namespace, collection), { method: 'POST', body });
    assert.is(answer.status, 201, JSON.stringify(answer.body));
  };
  const work = async (): Promise<void> => {
    for (let n = next++; n < tenants; n = next++) {
      await post('secrets', secretManifest(`t-${n}`, { current: secretFor(`t-${n}`) }));
      await post('dataactionconfigs', configManifest(`t-${n}`));
    }
  };
  await Promise.all(Array.from({ length: applyAtOnce }, work));
  for (let n = 0; n < helmReleases; n += 1) {
    const metadata = { name: `sh.helm.release.v1.app.v${n}` };
    const data = { release: helmRelease };
    await post('secrets', { apiVersion: 'v1', kind: 'Secret', type: 'helm.sh/release.v1', metadata, data });
  }
};

testWithKube(
  `the bundled controller holds ${tenants} tenants beside releases of Helm within ${rssMaxMiB} MiB`,
  async () => {
    const folder = ownDirectory('memory');
    const entry = join(folder, 'controller.mjs');
    execFileSync(process.execPath, [join(import.meta.dirname, '../../cmd/bundle.mjs'), 'controller', entry]);
    const kube = await startTenantCluster();
    await useNamespace(kube, namespace);
    await createAll(kube);
    const port = await freePort();
    const child = spawn(process.execPath, [entry], {
      env: {
        KUBECONFIG: kube.adminKubeconfig,
        WATCH_NAMESPACE: namespace,
        POD_NAMESPACE: namespace,
        BUNDLE_DIR: join(folder, 'bundle'),
        HOST: '127.0.0.1',
        CONTROLLER_ADMIN_PORT: String(port),
        LOG_LEVEL: 'warn',
        HANDLER_ADMIN_URL: 'http://127.0.0.1:1',
        ...leanEnvironment,
      },
      stdio: 'ignore',
    });
    ownProcess(() => child.pid);
    try {
      await until('every status', async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        assert.match(text, `cxone_dataaction_status_writes_total{result="success"} ${tenants}`);
      });
      // What the last collection has not got to yet may come on top for a moment.
      await until('memory at rest', async () => {
        const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
        assert.ok(Number(kib) / 1_024 < rssMaxMiB, `${Math.round(Number(kib) / 1_024)} MiB`);
      });
    } finally {
      child.kill();
    }
  },
);

test.run();

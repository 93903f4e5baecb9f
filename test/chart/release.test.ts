// time limit: 300 s
/**
 * A release's life on a real API server, which has no nodes: what Helm's notes say is missing, an upgrade, a second release, and what is
 * left when it is gone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chartFolder, helm, whyNoHelm } from '../services/helm.ts';
import { type KubeApiServer, startKubeApiServer } from '../services/kube-api-server.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { secretManifest } from '../services/tenant-cluster.ts';
import { testUnless } from '../services/test-unless.ts';

const testWithBoth = testUnless(whyNoKube() ?? whyNoHelm());
let kube: KubeApiServer;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  kube = await startKubeApiServer();
  for (const namespace of ['first', 'second']) await kube.createNamespace(namespace);
});

const run = (namespace: string, ...args: readonly string[]) => helm(['-n', namespace, ...args], kube.adminKubeconfig);

/** @returns what Helm prints, notes included */
const succeed = (namespace: string, ...args: readonly string[]): string => {
  const { code, stdout, stderr } = run(namespace, ...args);
  assert.is(code, 0, stderr);
  return stdout;
};

/** What docs/operate.md has for what hooks leave behind. */
const removal = ((): readonly string[] => {
  const paper = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
  const [, kinds = '', labels = ''] = /`kubectl -n "\$NS" delete (job,pod) -l '([^']+)'`/.exec(paper) ?? [];
  return [kinds, `--selector=${labels.replace('=dataactions,', '=actions,')}`];
})();

const notesOf = (...sets: readonly string[]): string => {
  const args = ['install', 'actions', chartFolder, '--dry-run=server', ...sets.map((set) => `--set=${set}`)];
  const [, notes = ''] = succeed('first', ...args).split('NOTES:\n');
  return notes;
};

/** Everything in the namespace that a chart can make, `kind/name`. */
const objectsIn = async (namespace: string): Promise<readonly string[]> => {
  const kinds = 'deploy,svc,sa,cm,secret,role,rolebinding,pdb,hpa,ingress,networkpolicy,job,pod,lease,dac';
  const { stdout, stderr, code } = await kube.kubectl([
    '-n',
    namespace,
    'get',
    kinds,
    '-o',
    'name',
    '--ignore-not-found',
  ]);
  assert.is(code, 0, stderr);
  return stdout.split('\n').filter((name) => name !== '' && !/kube-root-ca|secret\/sh\.helm/.test(name));
};

testWithBoth('notes name what is missing, and fall silent about what is there', async () => {
  const bare = notesOf();
  assert.match(bare, 'pods wait for one named actions-cxone-data-actions-database');
  assert.match(bare, 'ServiceMonitor: this cluster has no monitoring.coreos.com/v1');
  assert.match(bare, 'a password for Redis, which holds');
  assert.match(bare, 'only a NetworkPolicy keeps other pods out');
  assert.match(notesOf('networkPolicy.redis=false'), 'ANY POD OF THIS CLUSTER CAN READ THEM');
  assert.match(bare, 'a tenant for `helm test`');
  assert.match(notesOf('replicaCount=1'), 'with replicaCount 1');
  assert.match(notesOf('autoscaling.enabled=true,autoscaling.minReplicas=1'), 'with autoscaling.minReplicas 1');
  assert.match(notesOf('crds.enabled=false'), 'the CRD, without which pods wait in Init');
  assert.match(notesOf('redis.enabled=false'), 'a Redis: each pod caches for itself');
  assert.match(notesOf('rbac.create=false'), 'see deploy/rbac');

  const all = [
    'database.existingSecret=db',
    'redis.existingSecret=r',
    'tests.existingSecret=t',
    'tests.tenantId=acme',
    'serviceMonitor.enabled=false',
    'schemaJob.enabled=true',
    'schemaJob.existingSecret=o',
  ];
  assert.match(notesOf(...all), 'Secret db with key database-url; pods wait for it');
  const input = JSON.stringify(secretManifest('db', { 'database-url': 'postgres://a' }));
  await kube.kubectl(['-n', 'first', 'apply', '-f', '-'], { input });
  assert.not.match(notesOf(...all), 'STILL MISSING');
});

testWithBoth(
  'is installed, changed, rolled back and uninstalled; the CRD, tenants and Secrets of users stay',
  async () => {
    const set = '--set=database.existingSecret=db,tests.existingSecret=t,tests.tenantId=acme';
    succeed('first', 'install', 'actions', chartFolder, set);
    const installed = await objectsIn('first');
    assert.ok(installed.includes('deployment.apps/actions-cxone-data-actions'));
    succeed(
      'first',
      'upgrade',
      'actions',
      chartFolder,
      set,
      '--set=autoscaling.enabled=true,networkPolicy.enabled=true',
    );
    assert.is((await objectsIn('first')).length, installed.length + 2);
    succeed('first', 'rollback', 'actions', '1');
    assert.equal(await objectsIn('first'), installed);

    const tenant = join(import.meta.dirname, '../../deploy/examples/one-tenant.yaml');
    assert.is((await kube.kubectl(['-n', 'first', 'apply', '-f', tenant])).code, 0);
    const failing = '--set=schemaJob.enabled=true,schemaJob.existingSecret=o';
    assert.is.not(run('first', 'test', 'actions', '--timeout=1s').code, 0);
    assert.is.not(run('first', 'upgrade', 'actions', chartFolder, set, failing, '--timeout=1s').code, 0);
    succeed('first', 'uninstall', 'actions');
    const name = 'actions-cxone-data-actions';
    const [left, kept] = [
      [`job.batch/${name}-schema`, `pod/${name}-test`],
      ['secret/db', 'dataactionconfig.dataactions.dev/initech'],
    ];
    assert.equal((await objectsIn('first')).toSorted(), [...left, ...kept].toSorted());
    assert.is((await kube.kubectl(['-n', 'first', 'delete', ...removal, '--grace-period=0', '--force'])).code, 0);
    assert.equal(await objectsIn('first'), kept);
    const { stdout } = await kube.kubectl(['get', 'clusterroles,crds', '-o', 'name']);
    assert.match(stdout, 'dataactionconfigs.dataactions.dev');
    assert.not.match(stdout, 'cxone-data-actions');
  },
);

testWithBoth(
  'the CRD that was left is taken over, by another name too, and a second release does without one',
  async () => {
    const renamed = ['install', 'renamed', chartFolder];
    assert.match(run('first', ...renamed).stderr, 'release-name');
    succeed('first', ...renamed, '--take-ownership');
    succeed('first', 'uninstall', 'renamed');
    succeed('first', 'install', 'actions', chartFolder, '--take-ownership');
    const refused = run('second', 'install', 'actions', chartFolder);
    assert.is.not(refused.code, 0);
    assert.match(refused.stderr, 'dataactionconfigs.dataactions.dev');
    assert.not.match(succeed('second', 'install', 'actions', chartFolder, '--set=crds.enabled=false'), 'the CRD');
    succeed('second', 'uninstall', 'actions');
    const { code } = await kube.kubectl(['get', 'crd', 'dataactionconfigs.dataactions.dev']);
    assert.is(code, 0);
  },
);

test.after(async () => {
  if (whyNoKube() === undefined) await kube.stop();
});
test.run();

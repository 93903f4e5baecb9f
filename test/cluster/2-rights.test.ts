/**
 * Who may do what: the controller's ServiceAccount at the API server, and each container at its own files.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { whyNoCluster } from './cluster-script.ts';
import { attempt } from './command.ts';
import { kubectl } from './kubectl.ts';
import { fullName, namespace } from './release.ts';

const onCluster = testUnless(whyNoCluster());

/** One line for each right, with single spaces. */
const rightsOf = async (serviceAccount: string, place: string): Promise<readonly string[]> => {
  const as = `--as=system:serviceaccount:${namespace}:${serviceAccount}`;
  const text = await kubectl(['auth', 'can-i', '--list', '--no-headers', '--namespace', place, as]);
  return text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
};

/** What it may do beyond what every ServiceAccount may. */
const extraRights = async (place: string): Promise<readonly string[]> => {
  const usual = new Set(await rightsOf('default', place));
  return (await rightsOf(fullName, place)).filter((right) => !usual.has(right)).sort();
};

onCluster("the controller's ServiceAccount may do what its work needs, and nothing else", async () => {
  assert.equal(await extraRights(namespace), [
    'dataactionconfigs.dataactions.dev [] [] [list watch]',
    'dataactionconfigs.dataactions.dev/status [] [] [patch]',
    'events.events.k8s.io [] [] [create]',
    'leases.coordination.k8s.io [] [] [create]',
    `leases.coordination.k8s.io [] [${fullName}] [get update]`,
    'secrets [] [] [list watch]',
  ]);
  for (const place of ['default', 'kube-system', 'database']) assert.equal(await extraRights(place), []);
});

const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Runs JavaScript in a container, by the one program that the image has. */
const inContainer = (container: string, script: string): Promise<string> =>
  kubectl([
    'exec',
    '--namespace',
    namespace,
    `deployment/${fullName}`,
    '--container',
    container,
    '--',
    'node',
    '-e',
    script,
  ]);

onCluster(
  "the API token is in the controller's container alone, the database's password in the handler's",
  async () => {
    const script = `console.log(fs.existsSync('${tokenFile}'), 'DATABASE_URL' in process.env)`;
    assert.is(await inContainer('controller', script), 'true false');
    assert.is(await inContainer('handler', script), 'false true');
  },
);

onCluster('a container can write to nothing but the bundle, and the handler not even there', async () => {
  const tryIn = (folder: string) =>
    `try { fs.writeFileSync('${folder}/x', ''); fs.rmSync('${folder}/x'); console.log('written'); } catch (e) { console.log(e.code); }`;
  assert.is(await inContainer('controller', tryIn('/run/data-actions')), 'written');
  for (const container of ['controller', 'handler']) assert.is(await inContainer(container, tryIn('/app')), 'EROFS');
  for (const folder of ['/run/data-actions', '/tmp']) assert.is(await inContainer('handler', tryIn(folder)), 'EROFS');
});

onCluster('the namespace takes no pod with more rights than ours have', async () => {
  const create = ['run', 'root', '--namespace', namespace, '--image=cxone-data-actions:test-1', '--dry-run=server'];
  const { code, stderr } = await attempt('kubectl', create);
  assert.is(code, 1);
  assert.match(stderr, /violates PodSecurity "restricted/);
});

test.run();

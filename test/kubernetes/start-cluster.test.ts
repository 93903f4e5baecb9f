// time limit: 240 s
/**
 * `npm run start:cluster` does what the README promises: what is applied to the API server of a kubeconfig is answered, and an edit that is
 * applied takes effect.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
import { isAlive } from '../../cmd/dev/process-tree.ts';
import { type KubeApiServer, startKubeApiServer } from '../services/kube-api-server.ts';
import { installCrd } from '../services/kube-crd.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { ownDirectory } from '../services/owned.ts';
import { printedCommand, startQuickstart } from '../services/quickstart.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
const root = join(import.meta.dirname, '../..');
const example = readFileSync(join(root, 'deploy/examples/quickstart.yaml'), 'utf8');

const succeed = async (kube: KubeApiServer, args: readonly string[], input = ''): Promise<string> => {
  const { code, stdout, stderr } = await kube.kubectl(args, { input });
  assert.is(code, 0, stderr);
  return stdout;
};

testWithKube('what is applied is answered, and ends with Ctrl-C', async () => {
  const kube = await startKubeApiServer();
  const env = {
    DATA_DIR: ownDirectory('start-cluster'),
    KUBECONFIG: kube.adminKubeconfig,
    CONTROLLER_ADMIN_PORT: String(await freePort()),
  };
  // It waits for the kind and for a tenant, as the printed steps bring them.
  const starting = startQuickstart(env, ['--cluster']);
  await installCrd(kube);
  await succeed(kube, ['apply', '-f', '-'], example);
  const quickstart = await starting;
  assert.match(quickstart.output(), 'kubectl apply --server-side -f deploy/crds/');

  const command = printedCommand(quickstart.output(), 'curl');
  const ask = async () => (await promisify(execFile)('sh', ['-c', command], { cwd: root })).stdout;
  await until('an answer', async () => assert.match(await ask(), '"count":2'));
  await succeed(kube, ['wait', '--for=condition=Ready', 'dac/acme', 'dac/globex', '--timeout=30s']);
  await succeed(kube, ['apply', '-f', '-'], example.replace('output: customers', 'output: clients'));
  await until('the edit', async () => assert.match(await ask(), '"clients":['));

  const processes = quickstart.processes();
  assert.is(await quickstart.interrupt(), 0);
  assert.equal(processes.filter(isAlive), []);
});

test.run();

// time limit: 120 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startKubeApiServer } from './kube-api-server.ts';
import { whyNoKube } from './kube-programs.ts';
import { testUnless } from './test-unless.ts';

const testWithKube = testUnless(whyNoKube());
const configMaps = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

testWithKube('a Kubernetes API server keeps its port and data over stop, kill and pause', async () => {
  const kube = await startKubeApiServer();
  await kube.createNamespace('kept');
  await kube.start();
  for (const end of [kube.stop, kube.kill]) {
    const watch = kube.ask('/api/v1/namespaces?watch=1').catch((error) => error);
    await end();
    await end();
    assert.instance(await watch, Error);
    assert.instance(await kube.ask('/version').catch((error) => error), Error);
    await kube.start();
    assert.is((await kube.ask('/api/v1/namespaces/kept')).status, 200);
  }
  await kube.pause();
  const answer = kube.ask('/version');
  const first = await Promise.race([answer.then(() => 'answered'), new Promise((resolve) => setImmediate(resolve))]);
  assert.is(first, undefined);
  await kube.resume();
  assert.is((await answer).status, 200);
});

testWithKube('it takes a client certificate for its user, who may do what RBAC says', async () => {
  const kube = await startKubeApiServer();
  await kube.createNamespace('mine');
  const kubeconfig = kube.kubeconfigFor('a/user', ['team+a', 'team-b']);
  const whoAmI = await kube.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig });
  assert.is(whoAmI.code, 0, whoAmI.stderr);
  const { username, groups } = JSON.parse(whoAmI.stdout).status.userInfo;
  assert.is(username, 'a/user');
  assert.equal(groups, ['team+a', 'team-b', 'system:authenticated']);

  const create = () =>
    kube.kubectl(['create', '-n', 'mine', '-f', '-'], { kubeconfig, input: JSON.stringify(configMap('a')) });
  const refused = await create();
  assert.is(refused.code, 1);
  assert.match(refused.stderr, 'forbidden');
  for (const rule of [
    ['role', 'writer', '--verb=create', '--resource=configmaps'],
    ['rolebinding', 'writers', '--role=writer', '--group=team-b'],
  ]) {
    assert.is((await kube.kubectl(['create', '-n', 'mine', ...rule])).code, 0);
  }
  assert.is((await create()).code, 0);
  assert.is((await kube.ask(`${configMaps('mine')}/a`)).status, 200);
});

test('says what is missing', () => {
  const { KUBEBUILDER_ASSETS: assets = '', PATH: path = '' } = process.env;
  Object.assign(process.env, { KUBEBUILDER_ASSETS: '', PATH: '/nowhere' });
  assert.match(whyNoKube() ?? '', /^Kubernetes: no etcd, kube-apiserver, kubectl, openssl; /);
  Object.assign(process.env, { KUBEBUILDER_ASSETS: assets, PATH: path });
});

test.run();

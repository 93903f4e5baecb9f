// time limit: 120 s

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
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

/** What chooses ports, and is late with those of these turns. */
const chooseLate = async (turns: number) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const chosen: number[] = [];
  return {
    choose: async () => {
      // The second of each three is etcd's.
      const isLate = chosen.length % 3 === 1 && chosen.length < turns * 3;
      chosen.push(isLate ? port : await freePort());
      return chosen.at(-1) ?? port;
    },
    chosen,
    close: () => other.close(),
  };
};

testWithKube('it starts on other ports when one was taken meanwhile', async () => {
  const late = await chooseLate(2);
  const kube = await startKubeApiServer(late.choose);
  assert.is((await kube.ask('/version')).status, 200);
  assert.is(late.chosen.length, 9);
  assert.is(kube.port, late.chosen[6]);
  late.close();
});

testWithKube('it gives up when that happens each time', async () => {
  const late = await chooseLate(Number.POSITIVE_INFINITY);
  const error = await startKubeApiServer(late.choose).catch((failure) => failure);
  assert.instance(error, Error);
  assert.is(error.message, 'Kubernetes: a port was taken meanwhile, 3 times in a row');
  assert.match(String(error.cause), 'address already in use');
  late.close();
});

test('says what is missing', () => {
  const { KUBEBUILDER_ASSETS: assets = '', PATH: path = '' } = process.env;
  Object.assign(process.env, { KUBEBUILDER_ASSETS: '', PATH: '/nowhere' });
  assert.match(whyNoKube() ?? '', /^Kubernetes: no etcd, kube-apiserver, kubectl, openssl; /);
  Object.assign(process.env, { KUBEBUILDER_ASSETS: assets, PATH: path });
});

test.run();

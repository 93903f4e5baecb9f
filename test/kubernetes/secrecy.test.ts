// time limit: 180 s
/**
 * Values of Secrets come out nowhere but in the bundle: not in the log, metrics and admin pages of controller and handler, not in status,
 * Events or the Lease. And the bundle is written as tight as it can be.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCanaries } from '../services/canary.ts';
import { collectionPath } from '../services/kube-cluster.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { configManifest, secretManifest } from '../services/tenant-cluster.ts';
import { startTenantPod, type TenantPod } from '../services/tenant-pod.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
const namespace = 'secrecy';
const canaries = createCanaries();
const [current, next, unneeded] = [canaries.plant('current'), canaries.plant('next'), canaries.plant('unneeded')];
const cxone = canaries.plant('cxone');
const badToken = `${canaries.plant('bad_token')} with spaces`;
const short = canaries.plant('x').slice(0, 8);
let it: TenantPod;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  it = await startTenantPod(namespace);
});

const controllerPages = ['/livez', '/startupz', '/metrics', '/config', '/nothing'];
const handlerPages = ['/livez', '/startupz', '/readyz', '/metrics', '/config', '/openapi', '/openapi/acme'];

const assertSilent = async (): Promise<void> => {
  const { controller, handler } = it.pod;
  canaries.assertAbsent(controller.output(), "the controller's log");
  canaries.assertAbsent(handler.output(), "the handler's log");
  for (const page of controllerPages) canaries.assertAbsent((await controller.page(page)).text, page);
  for (const page of handlerPages) canaries.assertAbsent((await handler.page(page)).text, page);
  for (const collection of ['dataactionconfigs', 'events', 'leases'] as const) {
    const { body } = await it.cluster.kube.ask(collectionPath(namespace, collection));
    canaries.assertAbsent(JSON.stringify(body), collection);
  }
};

testWithKube('served, rotated, refused: no value of a Secret is anywhere', async () => {
  await it.cluster.apply(
    secretManifest('acme', { current, unneeded, next: '' }),
    secretManifest('nobodys', { current: unneeded }),
    secretManifest('acme-cxone', { 'client-id': cxone, 'client-secret': cxone, 'access-key-id': cxone }),
    configManifest('acme'),
  );
  await it.untilAnswered('acme', 200, current);
  await it.cluster.untilReady('acme', 'True', 'Applied');
  await it.cluster.apply(secretManifest('acme', { current: next, unneeded }));
  await it.untilAnswered('acme', 200, next);
  await it.cluster.apply(
    configManifest('keyless', { cxone: { secretRef: { name: 'acme-cxone' } }, webhook: refs('acme') }),
  );
  await it.cluster.untilReady('keyless', 'False', 'SecretKeyMissing');
  await it.cluster.apply(secretManifest('bad', { current: badToken, short }));
  await it.cluster.apply(configManifest('bad', { webhook: { ...refs('bad'), scheme: 'Bearer' } }));
  await it.cluster.untilReady('bad', 'False', 'InvalidSpec');
  await it.cluster.apply(configManifest('bad', { webhook: refs('bad', 'short') }));
  await it.cluster.untilReady('bad', 'False', 'SecretTooShort');
  await assertSilent();
});

const refs = (name: string, key = 'current') => ({ secretRefs: [{ name, key }] });

testWithKube('an API server and a handler that go away make nobody talk', async () => {
  await it.cluster.kube.kill();
  await it.pod.handler.kill();
  await until('the trouble', async () => assert.match(it.pod.controller.output(), 'API server cannot be asked'));
  await it.cluster.kube.start();
  await it.pod.handler.start();
  await it.cluster.apply(configManifest('acme', { limits: { batchSize: 9 } }));
  await it.cluster.untilReady('acme', 'True', 'Applied');
  await assertSilent();
});

const shards = () => {
  const names = readdirSync(it.pod.bundleDir);
  return names.map((name) => {
    const { mode, ino, mtimeMs } = statSync(join(it.pod.bundleDir, name));
    return { name, mode: (mode & 0o777).toString(8), version: `${ino} ${mtimeMs}` };
  });
};

testWithKube('the bundle holds referenced keys alone, read-only, and nothing beside its shards', async () => {
  const files = shards();
  assert.is(files.length, 64);
  assert.equal([...new Set(files.map(({ mode }) => mode))], ['440']);
  const text = files.map(({ name }) => readFileSync(join(it.pod.bundleDir, name), 'utf8')).join('\n');
  assert.match(text, Buffer.from(next).toString('base64'));
  assert.not.match(text, Buffer.from(unneeded).toString('base64'));
});

testWithKube('a change rewrites one shard; a status, an annotation and a new controller rewrite none', async () => {
  const before = shards();
  const changed = () => shards().filter(({ version }, at) => version !== before[at]?.version).length;
  await it.cluster.kube.kubectl(['-n', namespace, 'annotate', 'dac/acme', 'note=x']);
  await it.cluster.kube.kubectl(['-n', namespace, 'label', 'secret/nobodys', 'note=x']);
  await it.pod.controller.stop();
  writeFileSync(join(it.pod.bundleDir, '.shard-07.ndjson.tmp'), 'torn');
  await it.pod.controller.start();
  await until('a decision', async () =>
    assert.match(
      (await it.pod.controller.page('/metrics')).text,
      /reconcile_duration_seconds_count\{result="success"\} [1-9]/,
    ),
  );
  await until('the stale file to go', async () => assert.is(shards().length, 64));
  assert.is(changed(), 0);
  await it.cluster.apply(configManifest('acme', { limits: { batchSize: 11 } }));
  await it.cluster.untilReady('acme', 'True', 'Applied');
  assert.is(changed(), 1);
});

test.after(() => it?.pod.stop());
test.run();

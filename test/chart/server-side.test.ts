// time limit: 300 s
/**
 * What the chart and the overlays render is taken by a real API server, field by field, into a namespace that enforces Pod Security `restricted`.
 * Kinds of others that no CRD is at hand for are judged by their published schemas.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { chartFolder, type Manifest, readManifests, render, theOnly, whyNoHelm } from '../services/helm.ts';
import { type KubeApiServer, startKubeApiServer } from '../services/kube-api-server.ts';
import { installCrd } from '../services/kube-crd.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { installMonitoringKinds, whyNoMonitoringKinds } from '../services/monitoring-kinds.ts';
import { testUnless } from '../services/test-unless.ts';
import { kustomizeFolder } from './made-files.ts';

const testWithBoth = testUnless(whyNoKube() ?? whyNoHelm());
const testWithKube = testUnless(whyNoKube());
const testMonitoring = testUnless(whyNoKube() ?? whyNoHelm() ?? whyNoMonitoringKinds());
const monitoringGroup = 'monitoring.coreos.com/v1';
const elsewhere = ['HTTPRoute', 'ScaledObject'];
let kube: KubeApiServer;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  kube = await startKubeApiServer();
  for (const namespace of ['here', 'tenants', 'dataactions', 'dataactions-dev']) {
    await kube.createNamespace(namespace);
    const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await kube.kubectl(['label', 'namespace', namespace, ...labels]);
  }
  await installCrd(kube);
  if (whyNoMonitoringKinds() === undefined) await installMonitoringKinds(kube);
});

/** Nothing is stored. @throws with what the server says; warnings, such as of Pod Security, count as refusals */
const dryRun = async (manifests: readonly Manifest[], title: string): Promise<void> => {
  assert.ok(manifests.length > 0, title);
  const input = manifests.map((manifest) => stringify(manifest)).join('---\n');
  const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'];
  const { code, stdout, stderr } = await kube.kubectl(args, { input });
  if (code !== 0 || stderr !== '') throw new Error(`${title}: ${stderr}`);
  assert.is(stdout.trim().split('\n').length, manifests.length, title);
};

const isKnown = ({ kind, apiVersion }: Manifest): boolean =>
  !elsewhere.includes(kind) && apiVersion !== monitoringGroup;

for (const file of readdirSync(join(chartFolder, 'ci'))) {
  testWithBoth(`an API server takes what ${file} renders`, () =>
    dryRun(render({ files: [file] }).filter(isKnown), file),
  );
}

testWithBoth('what is not restricted is found out', async () => {
  const deployment = theOnly(
    render({ values: { containerSecurityContext: { capabilities: null } } }),
    'Deployment',
    'redis',
  );
  await dryRun([deployment], 'loose').then(
    () => assert.unreachable(),
    (error: unknown) => assert.match(String(error), 'would violate PodSecurity'),
  );
});

testMonitoring("what the Prometheus operator reads has its CRDs' form", () =>
  dryRun(
    render({ files: ['all-values.yaml'] }).filter(({ apiVersion }) => apiVersion === monitoringGroup),
    'monitoring',
  ),
);

const judge = (kind: new (fields: never) => { validate(): void }, manifest: Manifest): void => {
  const object: { validate(): void } = Reflect.construct(kind, [manifest]);
  object.validate();
};

testWithBoth('a route has the form of the Gateway API, an object of KEDA that of KEDA', () => {
  const route = theOnly(render({ files: ['route-values.yaml'] }), 'HTTPRoute');
  judge(HTTPRoute, route);
  assert.throws(() => judge(HTTPRoute, { ...route, spec: { parentRefs: [{}] } }), 'name');
  const scaled = theOnly(render({ files: ['keda-values.yaml'] }), 'ScaledObject');
  judge(ScaledObject, scaled);
  assert.throws(() => judge(ScaledObject, { ...scaled, spec: { scaleTargetRef: {} } }), 'name');
});

const kustomize = async (folder: string): Promise<readonly Manifest[]> => {
  const { code, stdout, stderr } = await kube.kubectl(['kustomize', folder]);
  assert.is(code, 0, stderr);
  assert.is(stderr, '');
  return readManifests(stdout);
};

for (const overlay of ['dev', 'production']) {
  testWithKube(`an API server takes the overlay ${overlay}`, async () => {
    const manifests = await kustomize(join(kustomizeFolder, 'overlays', overlay));
    const own = manifests.filter(({ kind }) => kind !== 'Namespace');
    const monitored = whyNoMonitoringKinds() === undefined;
    await dryRun(monitored ? own : own.filter(isKnown), overlay);
  });
}

testWithKube('a folder of the CRD can be applied with -f and with -k', async () => {
  const folder = join(kustomizeFolder, '../crds');
  for (const flag of ['-f', '-k']) {
    const { code, stdout, stderr } = await kube.kubectl(['apply', '--server-side', '--dry-run=server', flag, folder]);
    assert.is(code, 0, stderr);
    assert.match(stdout, 'dataactionconfigs.dataactions.dev');
  }
});

test.after(async () => {
  if (whyNoKube() === undefined) await kube.stop();
});
test.run();

/** What cannot work is refused when it is rendered: by the schema of the values, or with a sentence that says what to do. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusalOf, render, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';

const testWithHelm = testUnless(whyNoHelm());

const sentences: readonly (readonly [title: string, values: object, sentence: RegExp, kubeVersion?: string])[] = [
  ['two that scale', { autoscaling: { enabled: true }, keda: { enabled: true } }, /choose one of them/],
  [
    'at least above at most',
    { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 2 } },
    /autoscaling\.minReplicas has to be at most/,
  ],
  [
    'the same of KEDA',
    { keda: { enabled: true, minReplicas: 5, maxReplicas: 2, triggers: [{ type: 'cpu', metadata: {} }] } },
    /keda\.minReplicas has to be at most/,
  ],
  ['KEDA without a trigger', { keda: { enabled: true } }, /needs at least one trigger/],
  [
    'a target of nothing',
    { autoscaling: { enabled: true }, handler: { resources: { requests: { cpu: null } } } },
    /needs handler\.resources\.requests\.cpu/,
  ],
  ['a grace shorter than the drain', { terminationGracePeriodSeconds: 35 }, /is 35 and has to be at least 36/],
  ['a drain longer than the grace', { drain: { requestsSeconds: 60 } }, /is 45 and has to be at least 76/],
  [
    "a sleep that the kubelet doesn't know",
    { drain: { method: 'preStop' } },
    /needs Kubernetes 1\.30 or newer/,
    '1.29.0',
  ],
  [
    'a wait that the handler has not',
    { drain: { method: 'app', endpointsSeconds: 59 }, terminationGracePeriodSeconds: 600 },
    /at most 60 where the handler itself waits/,
  ],
  ['two Redis', { externalRedis: { host: 'redis' } }, /set redis\.enabled=false/],
  [
    'a key of no Secret',
    { redis: { enabled: false }, externalRedis: { urlKey: 'url' } },
    /needs externalRedis\.existingSecret/,
  ],
  [
    'two addresses of Redis',
    { redis: { enabled: false }, externalRedis: { host: 'a', url: 'redis://b' } },
    /one of them at most/,
  ],
  ['a test of nobody', { tests: { existingSecret: 'acme-webhook' } }, /tests\.tenantId is needed/],
  ['a schema by nobody', { schemaJob: { enabled: true } }, /schemaJob\.existingSecret is needed/],
  ['a route to nowhere', { httpRoute: { enabled: true } }, /httpRoute\.parentRefs/],
];

for (const [title, values, sentence, kubeVersion = '1.35.0'] of sentences) {
  testWithHelm(`refused with a sentence: ${title}`, () => assert.match(refusalOf({ values, kubeVersion }), sentence));
}

const shapes: readonly (readonly [values: object, place: string])[] = [
  [{ replicas: 3 }, "additional properties 'replicas' not allowed"],
  [{ image: { name: 'x' } }, '/image'],
  [{ image: { digest: 'latest' } }, '/image/digest'],
  [{ image: { pullPolicy: 'Sometimes' } }, '/image/pullPolicy'],
  [{ replicaCount: -1 }, '/replicaCount'],
  [{ replicaCount: '2' }, '/replicaCount'],
  [{ handler: { settings: { PORT: 80 } } }, '/handler/settings'],
  [{ handler: { settings: { DATABASE_URL: 'postgres://a' } } }, '/handler/settings'],
  [{ handler: { settings: { DATABASE_POOL_MAX: 501 } } }, '/handler/settings/DATABASE_POOL_MAX'],
  [{ handler: { settings: { LOG_LEVEL: 'loud' } } }, '/handler/settings/LOG_LEVEL'],
  [{ controller: { settings: { KUBECONFIG: '/x' } } }, '/controller/settings'],
  [{ handler: { extraEnv: { A: 'b' } } }, '/handler/extraEnv'],
  [{ handler: { extraEnv: [{ value: 'b' }] } }, '/handler/extraEnv/0'],
  [{ handler: { extraEnv: [{ name: 'DATABASE_URL', value: 'postgres://a:b@c' }] } }, '/handler/extraEnv/0/name'],
  [{ handler: { readinessProbe: { httpGet: {} } } }, '/handler/readinessProbe'],
  [{ handler: { heapPercent: 100 } }, '/handler/heapPercent'],
  [{ database: { url: 'postgres://login:password@host/db' } }, '/database'],
  [{ database: { existingSecret: 'Not A Name' } }, '/database/existingSecret'],
  [{ redis: { password: 'secret' } }, '/redis'],
  [{ redis: { maxMemoryMegabytes: 1 } }, '/redis/maxMemoryMegabytes'],
  [{ externalRedis: { url: 'redis://:password@host' } }, '/externalRedis/url'],
  [{ externalRedis: { url: 'http://host' } }, '/externalRedis/url'],
  [{ rbac: { secretNames: ['a', 'a'] } }, '/rbac/secretNames'],
  [{ service: { type: 'ExternalName' } }, '/service/type'],
  [{ podDisruptionBudget: { maxUnavailable: 0 } }, '/podDisruptionBudget/maxUnavailable'],
  [{ ingress: { path: 'data-action' } }, '/ingress/path'],
  [{ networkPolicy: { trafficFrom: [{ namespace: 'a' }] } }, '/networkPolicy/trafficFrom/0'],
  [{ serviceMonitor: { renderMode: 'maybe' } }, '/serviceMonitor/renderMode'],
  [{ serviceMonitor: { interval: '15' } }, '/serviceMonitor/interval'],
  [{ openshift: { adapt: 'yes' } }, '/openshift/adapt'],
  [{ tests: { scheme: 'Basic' } }, '/tests/scheme'],
  [{ fullnameOverride: 'Upper' }, '/fullnameOverride'],
];

for (const [values, place] of shapes) {
  testWithHelm(`refused by the schema: ${JSON.stringify(values)}`, () => {
    const said = refusalOf({ values });
    assert.match(said, "don't meet the specifications of the schema");
    assert.match(said, place);
  });
}

testWithHelm('an older cluster is refused as a whole', () => {
  assert.match(refusalOf({ kubeVersion: '1.28.9' }), 'requires kubeVersion: >=1.29.0-0');
  assert.ok(render({ kubeVersion: '1.29.0' }).length > 0);
});

test.run();

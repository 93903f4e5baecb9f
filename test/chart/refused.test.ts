/** What cannot work is refused when it is rendered: by the schema of the values, or with a sentence that says what to do. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { controllerLimits } from '../../pkg/process/controller-limits.ts';
import { processLimits } from '../../pkg/process/limits.ts';
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
  [
    'a password of no Secret',
    { redis: { enabled: false }, externalRedis: { host: 'a', passwordKey: 'p' } },
    /need externalRedis\.existingSecret/,
  ],
  [
    'a Secret of no Redis',
    { redis: { enabled: false }, externalRedis: { existingSecret: 's', passwordKey: 'p' } },
    /alone leads to no Redis/,
  ],
  [
    'a URL that is none',
    { redis: { enabled: false }, externalRedis: { url: 'redis://a,http://b' } },
    /externalRedis\.url has to be redis:\/\/ or rediss:\/\//,
  ],
  [
    'the ServiceAccount of everybody',
    { serviceAccount: { create: false } },
    /serviceAccount\.create=false needs serviceAccount\.name/,
  ],
  [
    'what the chart sets itself',
    { controller: { extraEnv: [{ name: 'MALLOC_ARENA_MAX', value: '2' }] } },
    /controller\.extraEnv: MALLOC_ARENA_MAX is there already/,
  ],
  [
    'a password as a value',
    { handler: { extraEnv: [{ name: 'PGPASSWORD', value: 'of-postgres' }] } },
    /PGPASSWORD belongs into a Secret: use valueFrom\.secretKeyRef in place of value\n/,
  ],
  [
    'a setting that is said twice',
    { controller: { settings: { LOG_LEVEL: 'warn' }, extraEnv: [{ name: 'LOG_LEVEL', value: 'info' }] } },
    /controller\.extraEnv: LOG_LEVEL is there already/,
  ],
  [
    'an alert left out that is not there',
    { prometheusRule: { enabled: true, disabled: ['DataActionsDwon'] } },
    /there is no alert DataActionsDwon/,
  ],
  [
    'an alert made later that is not there',
    { prometheusRule: { enabled: true, for: { DataActionsDwon: '5m' } } },
    /there is no alert DataActionsDwon/,
  ],
  [
    'pods that cannot be replaced',
    { strategy: { rollingUpdate: { maxUnavailable: '0%', maxSurge: 0 } } },
    /no pod could ever be replaced/,
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
  [{ externalRedis: { url: 1 } }, '/externalRedis/url'],
  [{ externalRedis: { host: 'redis://host' } }, '/externalRedis/host'],
  [{ externalRedis: { host: 'host:6379' } }, '/externalRedis/host'],
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
  [{ commonLabels: { 'app.kubernetes.io/name': 'a' } }, '/commonLabels/app.kubernetes.io~1name'],
  [{ podLabels: { 'app.kubernetes.io/instance': 'a' } }, '/podLabels/app.kubernetes.io~1instance'],
  [{ service: { labels: { 'dataactions.dev/service': 'metrics' } } }, '/service/labels/dataactions.dev~1service'],
  [{ podLabels: { a: 'b c' } }, '/podLabels/a'],
  [{ image: { registry: 'https://registry.example.com' } }, '/image/registry'],
  [{ image: { registry: 'registry.example.com/' } }, '/image/registry'],
  [{ image: { tag: 1.1 } }, '/image/tag'],
  [{ image: { repository: 'https://registry.example.com/cxone' } }, '/image/repository'],
  [{ image: { repository: 'registry.example.com/cxone:0.1.0' } }, '/image/repository'],
  [{ image: { repository: 'Cxone' } }, '/image/repository'],
  [{ redis: { image: { repository: 'valkey@sha256:0' } } }, '/redis/image/repository'],
  [{ handler: { resources: { limits: { memory: '512MB' } } } }, '/handler/resources/limits/memory'],
  [{ database: { urlKey: '' } }, '/database/urlKey'],
  [{ tests: { secretKey: '' } }, '/tests/secretKey'],
  [{ serviceAccount: { name: 'A_b' } }, '/serviceAccount/name'],
  [{ networkPolicy: { databasePorts: null } }, "missing property 'databasePorts'"],
];

for (const [values, place] of shapes) {
  testWithHelm(`refused by the schema: ${JSON.stringify(values)}`, () => {
    const said = refusalOf({ values });
    assert.match(said, "don't meet the specifications of the schema");
    assert.match(said, place);
  });
}

testWithHelm(
  'what the grace has beyond the drain is as long as handler and then controller may take to close everything',
  () => {
    const said = refusalOf({ values: { terminationGracePeriodSeconds: 1 } });
    const closingMs = 1_000 * Number(/and (\d+) to close everything/.exec(said)?.[1]);
    const { drainQuietMs, partStopMs } = processLimits;
    const handlerMs = drainQuietMs + 2 * partStopMs;
    assert.ok(closingMs > handlerMs + controllerLimits.stopMs + controllerLimits.adminStopMs, said);
  },
);

testWithHelm('a repository may have host, port and folders', () => {
  for (const repository of ['localhost:5000/a', 'R.example.com/a_b/c-d.e', 'a'])
    render({ values: { image: { repository }, redis: { image: { repository } } } });
});

testWithHelm('a password in the URL of Redis is refused without being printed', () => {
  const externalRedis = { url: 'rediss://login:of-the-cache@host' };
  const said = refusalOf({ values: { redis: { enabled: false }, externalRedis } });
  assert.match(said, 'without a password');
  assert.not.match(said, 'of-the-cache');
});

testWithHelm('an older cluster is refused as a whole', () => {
  assert.match(refusalOf({ kubeVersion: '1.28.9' }), 'requires kubeVersion: >=1.29.0-0');
  assert.ok(render({ kubeVersion: '1.29.0' }).length > 0);
});

test.run();

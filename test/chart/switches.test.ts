/** What each big switch of the chart does to what is rendered. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, listAt, ofKind, render, theOnly, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';
import { containerNamed, containersOf, environmentOf } from './containers.ts';

const testWithHelm = testUnless(whyNoHelm());
const monitoring = ['monitoring.coreos.com/v1/ServiceMonitor', 'monitoring.coreos.com/v1/PrometheusRule'];
const handlerOf = (values: object, kubeVersion = '1.35.0') =>
  containerNamed(render({ values, kubeVersion }), 'handler');
const deploymentOf = (values: object) => theOnly(render({ values }), 'Deployment', 'cxone-data-actions');

testWithHelm(
  'by default: two pods that are replaced without a gap, a budget, a spread, a Redis, and nothing public',
  () => {
    const manifests = render();
    const deployment = theOnly(manifests, 'Deployment', 'cxone-data-actions');
    assert.is(at(deployment, 'spec.replicas'), 2);
    assert.equal(at(deployment, 'spec.strategy.rollingUpdate'), { maxUnavailable: 0, maxSurge: 1 });
    const selector = at(deployment, 'spec.selector');
    assert.equal(at(deployment, 'spec.template.spec.topologySpreadConstraints.0'), {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      matchLabelKeys: ['pod-template-hash'],
      labelSelector: selector,
    });
    const budget = theOnly(manifests, 'PodDisruptionBudget');
    assert.equal(at(budget, 'spec'), { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector });
    const kinds = new Set(manifests.map(({ kind }) => kind));
    for (const kind of [
      'HorizontalPodAutoscaler',
      'ScaledObject',
      'Ingress',
      'HTTPRoute',
      'PrometheusRule',
      'Job',
      'Pod',
      'Secret',
    ]) {
      assert.not.ok(kinds.has(kind), kind);
    }
    assert.match(theOnly(manifests, 'NetworkPolicy').metadata.name, /-redis$/);
  },
);

testWithHelm('no Secret is ever rendered, and no environment of a password but from one', () => {
  const manifests = render({ files: ['all-values.yaml'] });
  assert.equal(ofKind(manifests, 'Secret'), []);
  for (const container of containersOf(manifests)) {
    for (const [name, value] of Object.entries(environmentOf(container))) {
      if (/PASSWORD|AUTH|DATABASE.*URL/.test(name))
        assert.ok(at(value, 'secretKeyRef.name'), `${container.where} ${name}`);
    }
  }
});

testWithHelm('every object has the labels that are usual, and selectors know the release', () => {
  const manifests = render({ files: ['all-values.yaml'], release: 'two' });
  for (const { kind, metadata } of manifests) {
    if (/-from-/.test(metadata.name)) continue;
    for (const label of ['name', 'instance', 'version', 'component', 'part-of', 'managed-by']) {
      assert.ok(
        at(metadata, 'labels') && Reflect.get(Object(metadata.labels), `app.kubernetes.io/${label}`),
        `${kind} ${label}`,
      );
    }
    assert.is(at(metadata, 'labels.team'), 'contact-centre', kind);
    assert.is(Reflect.get(Object(metadata.annotations), 'example.com/owner'), 'contact-centre', kind);
  }
  const selector: unknown = at(theOnly(manifests, 'Deployment', 'redis'), 'spec.selector.matchLabels');
  assert.equal(selector, {
    'app.kubernetes.io/name': 'cxone-data-actions',
    'app.kubernetes.io/instance': 'two',
    'app.kubernetes.io/component': 'redis',
  });
});

testWithHelm('the public Service has traffic alone; the one for metrics has both admin ports of every pod', () => {
  const manifests = render();
  const ports = (suffix: string) =>
    listAt(theOnly(manifests, 'Service', suffix), 'spec.ports').map((port) => [at(port, 'name'), at(port, 'port')]);
  assert.equal(ports('data-actions'), [['http', 80]]);
  assert.equal(ports('metrics'), [
    ['admin', 8081],
    ['controller', 8082],
  ]);
  assert.is(at(theOnly(manifests, 'Service', 'metrics'), 'spec.publishNotReadyAddresses'), true);
});

testWithHelm('what scales says how many: no replicas are rendered, and PODS_MAX is its most', () => {
  const scaled = { autoscaling: { enabled: true, maxReplicas: 7 } };
  assert.is(at(deploymentOf(scaled), 'spec.replicas'), undefined);
  assert.is(environmentOf(handlerOf(scaled)).PODS_MAX, '7');
  const [keda] = [render({ files: ['keda-values.yaml'] })];
  assert.is(at(theOnly(keda, 'Deployment', 'data-actions'), 'spec.replicas'), undefined);
  assert.is(environmentOf(containerNamed(keda, 'handler')).PODS_MAX, '30');
  assert.equal(ofKind(keda, 'HorizontalPodAutoscaler'), []);
  assert.is(environmentOf(handlerOf({ replicaCount: 4 })).PODS_MAX, '4');
});

testWithHelm("the autoscaler reckons with the handler's CPU alone", () => {
  const scaler = theOnly(render({ values: { autoscaling: { enabled: true } } }), 'HorizontalPodAutoscaler');
  assert.equal(at(scaler, 'spec.metrics'), [
    {
      type: 'ContainerResource',
      containerResource: {
        container: 'handler',
        name: 'cpu',
        target: { type: 'Utilization', averageUtilization: 130 },
      },
    },
  ]);
  assert.is(at(scaler, 'spec.behavior.scaleDown.stabilizationWindowSeconds'), 300);
});

testWithHelm('the kubelet waits before the drain where it can, otherwise the handler does', () => {
  const drains = (kubeVersion: string, method = 'auto') => {
    const handler = handlerOf({ drain: { method } }, kubeVersion);
    return [at(handler.spec, 'lifecycle.preStop.sleep.seconds'), environmentOf(handler).DRAIN_DELAY_MS];
  };
  assert.equal(drains('1.30.0'), [5, '2000']);
  assert.equal(drains('1.29.9'), [undefined, '7000']);
  assert.equal(drains('1.35.0', 'app'), [undefined, '7000']);
  assert.equal(drains('1.31.2-gke.100'), [5, '2000']);
});

testWithHelm('the controller is a native sidecar, or an ordinary container beside the handler', () => {
  const native = deploymentOf({});
  assert.is(at(native, 'spec.template.spec.initContainers.0.restartPolicy'), 'Always');
  assert.is(listAt(native, 'spec.template.spec.containers').length, 1);
  const plain = deploymentOf({ sidecar: { native: false } });
  assert.is(at(plain, 'spec.template.spec.initContainers'), undefined);
  assert.is(at(plain, 'spec.template.spec.containers.1.name'), 'controller');
  assert.is(at(plain, 'spec.template.spec.containers.1.restartPolicy'), undefined);
});

testWithHelm(
  'what has to be there before the controller, and outlive the handler, is among the first containers',
  () => {
    const extraInitContainers = [{ name: 'proxy', image: 'proxy:{{ .Chart.Version }}', restartPolicy: 'Always' }];
    const first = (native: boolean) => {
      const deployment = deploymentOf({ extraInitContainers, sidecar: { native } });
      return listAt(deployment, 'spec.template.spec.initContainers').map((each) => [
        at(each, 'name'),
        at(each, 'image'),
      ]);
    };
    const [proxy, ...others] = first(true);
    assert.equal([proxy?.[0], others.map(([name]) => name)], ['proxy', ['controller']]);
    assert.match(String(proxy?.[1]), /^proxy:\d/);
    assert.equal(first(false), [proxy]);
  },
);

testWithHelm('Node takes a share of the memory limit', () => {
  const manifests = render();
  assert.is(environmentOf(containerNamed(manifests, 'handler')).NODE_OPTIONS, '--max-old-space-size-percentage=70');
  const controller = environmentOf(containerNamed(manifests, 'controller'));
  assert.is(controller.NODE_OPTIONS, '--max-semi-space-size=1 --max-old-space-size-percentage=45');
  assert.is(controller.MALLOC_ARENA_MAX, '1');
});

testWithHelm('large numbers stay whole, and null takes a setting away', () => {
  const { MEMORY_CACHE_BYTES, LOG_LEVEL } = environmentOf(
    handlerOf({
      handler: {
        settings: { MEMORY_CACHE_BYTES: 8_589_934_592, LOG_LEVEL: null },
        resources: { limits: { memory: '20Gi' } },
      },
    }),
  );
  assert.is(MEMORY_CACHE_BYTES, '8589934592');
  assert.is(LOG_LEVEL, undefined);
});

testWithHelm('Redis: the own one, with a password or without; another one; or none', () => {
  const env = (values: object) => {
    const { REDIS_URL, REDIS_PASSWORD, REDIS_CA_FILE } = environmentOf(handlerOf(values));
    return [REDIS_URL, at(REDIS_PASSWORD, 'secretKeyRef'), REDIS_CA_FILE];
  };
  const off = { enabled: false };
  assert.equal(env({}), ['redis://test-cxone-data-actions-redis:6379', undefined, undefined]);
  assert.equal(env({ redis: { existingSecret: 'r' } })[1], { name: 'r', key: 'redis-password' });
  assert.equal(env({ redis: off }), [undefined, undefined, undefined]);
  assert.equal(
    env({ redis: off, externalRedis: { host: 'h', tls: true, existingSecret: 's', passwordKey: 'p', caKey: 'c' } }),
    ['rediss://h:6379', { name: 's', key: 'p' }, '/run/redis-ca/ca.crt'],
  );
  assert.equal(env({ redis: off, externalRedis: { url: 'redis://a:1,redis://b:2' } })[0], 'redis://a:1,redis://b:2');
  for (const host of ['2001:db8::1', '[2001:db8::1]'])
    assert.equal(env({ redis: off, externalRedis: { host } })[0], 'redis://[2001:db8::1]:6379');
  const [secret] = env({ redis: off, externalRedis: { existingSecret: 's', urlKey: 'u' } });
  assert.equal(at(secret, 'secretKeyRef'), { name: 's', key: 'u' });
});

testWithHelm('the own Redis is a cache: bounded, least recently used goes, nothing on disk, changes restart it', () => {
  const of = (maxMemoryMegabytes: number) => {
    const manifests = render({ values: { redis: { maxMemoryMegabytes } } });
    const deployment = theOnly(manifests, 'Deployment', 'redis');
    return {
      config: String(Reflect.get(Object(theOnly(manifests, 'ConfigMap', 'redis').data), 'redis.conf')),
      checksum: Reflect.get(Object(at(deployment, 'spec.template.metadata.annotations')), 'checksum/config'),
      memory: at(deployment, 'spec.template.spec.containers.0.resources.limits.memory'),
      strategy: at(deployment, 'spec.strategy.type'),
    };
  };
  const [small, large] = [of(64), of(256)];
  for (const line of ['maxmemory 64mb', 'maxmemory-policy allkeys-lru', 'save ""', 'appendonly no']) {
    assert.ok(small.config.split('\n').includes(line), line);
  }
  assert.equal([small.memory, large.memory], ['128Mi', '416Mi']);
  assert.is.not(small.checksum, large.checksum);
  assert.is(small.strategy, 'Recreate');
});

testWithHelm('Redis asks for the memory that it may have', () => {
  const resources = { limits: { memory: '1Gi' } };
  const { spec } = containerNamed(render({ values: { redis: { resources } } }), 'redis');
  assert.equal(spec.resources, { requests: { cpu: '50m', memory: '1Gi' }, limits: { memory: '1Gi' } });
});

testWithHelm('pods that are replaced all at once have no bounds beside it, which an API server would refuse', () => {
  assert.equal(at(deploymentOf({ strategy: { type: 'Recreate' } }), 'spec.strategy'), { type: 'Recreate' });
});

testWithHelm('another namespace has the Role for tenants, and the Lease stays at home', () => {
  const manifests = render({ files: ['other-namespace-values.yaml'] });
  assert.is(theOnly(manifests, 'Role', 'tenants').metadata.namespace, 'tenants');
  assert.is(theOnly(manifests, 'Role', 'lease').metadata.namespace, 'here');
  const binding = theOnly(manifests, 'RoleBinding', 'tenants');
  assert.is(binding.metadata.namespace, 'tenants');
  assert.is(at(binding, 'subjects.0.namespace'), 'here');
  const env = environmentOf(containerNamed(manifests, 'controller'));
  assert.equal([env.WATCH_NAMESPACE, env.SECRETS_WATCH], ['tenants', 'named']);
});

testWithHelm('what the Prometheus operator reads: left out, refused or rendered where its kinds are missing', () => {
  const count = (renderMode: string, apiVersions: readonly string[]) => {
    const values = { serviceMonitor: { renderMode }, prometheusRule: { enabled: true, renderMode } };
    const manifests = render({ values, apiVersions });
    return ofKind(manifests, 'ServiceMonitor').length + ofKind(manifests, 'PrometheusRule').length;
  };
  assert.is(count('skipIfMissing', []), 0);
  assert.is(count('skipIfMissing', monitoring), 2);
  assert.is(count('failIfMissing', monitoring), 2);
  assert.is(count('alwaysRender', []), 2);
  assert.throws(() => count('failIfMissing', []), /serviceMonitor\.renderMode is failIfMissing/);
});

testWithHelm('the ServiceMonitor finds the Service for metrics and no other', () => {
  const manifests = render({ apiVersions: monitoring });
  const wanted = Object.entries(Object(at(theOnly(manifests, 'ServiceMonitor'), 'spec.selector.matchLabels')));
  const found = ofKind(manifests, 'Service').filter(({ metadata }) =>
    wanted.every(([label, value]) => Reflect.get(Object(metadata.labels), label) === value),
  );
  assert.equal(
    found.map(({ metadata }) => metadata.name),
    ['test-cxone-data-actions-metrics'],
  );
});

testWithHelm('traffic from outside reaches one path', () => {
  const manifests = render({ files: ['all-values.yaml'] });
  const rule = at(theOnly(manifests, 'Ingress'), 'spec.rules.0');
  assert.is(at(rule, 'host'), 'actions.here.example.com');
  assert.equal(
    listAt(rule, 'http.paths').map((path) => [at(path, 'path'), at(path, 'pathType')]),
    [['/data-action', 'Exact']],
  );
  const route = theOnly(render({ files: ['route-values.yaml'] }), 'HTTPRoute');
  assert.equal(at(route, 'spec.rules.0.matches'), [{ path: { type: 'Exact', value: '/data-action' } }]);
});

testWithHelm('objects of the user may be texts or maps, with templates', () => {
  const manifests = render({ files: ['all-values.yaml'] });
  assert.is(ofKind(manifests, 'ConfigMap', 'test-from-text').length, 1);
  assert.is(ofKind(manifests, 'ConfigMap', 'test-from-map').length, 1);
});

test.run();

/**
 * What every container of the chart has and has not, whatever is switched on: Redis, the schema's Job and the test pod included.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, chartFolder, listAt, type RenderOptions, render, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';
import { containerNamed, containersOf, podsOf } from './containers.ts';

const testWithHelm = testUnless(whyNoHelm());
const files = readdirSync(join(chartFolder, 'ci'));
const onEach = (check: (options: RenderOptions, title: string) => void): void => {
  for (const file of files) check({ files: [file] }, file);
};
const all = { files: ['all-values.yaml'] };

testWithHelm('Redis, the Job, the test pod, handler and controller are among them', () => {
  const names = new Set(containersOf(render(all)).map(({ name }) => name));
  for (const name of ['handler', 'controller', 'redis', 'send', 'schema', 'beside', 'proxy'])
    assert.ok(names.has(name), name);
});

testWithHelm('every container fits Pod Security `restricted`, and cannot write to its own root', () => {
  onEach((options, title) => {
    for (const { where, spec, pod } of containersOf(render(options))) {
      const label = `${title}: ${where}`;
      assert.is(at(spec, 'securityContext.allowPrivilegeEscalation'), false, label);
      assert.is(at(spec, 'securityContext.readOnlyRootFilesystem'), true, label);
      assert.is(at(spec, 'securityContext.runAsNonRoot'), true, label);
      assert.equal(at(spec, 'securityContext.capabilities'), { drop: ['ALL'] }, label);
      assert.is(at(spec, 'securityContext.seccompProfile.type'), 'RuntimeDefault', label);
      assert.is(at(pod, 'securityContext.runAsNonRoot'), true, label);
      assert.is(at(pod, 'securityContext.seccompProfile.type'), 'RuntimeDefault', label);
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) assert.is(at(pod, field), undefined, label);
      for (const volume of listAt(pod, 'volumes')) assert.is(at(volume, 'hostPath'), undefined, label);
    }
  });
});

testWithHelm('every container of ours asks for CPU and memory, and has a bound on memory', () => {
  for (const { where, name, spec } of containersOf(render(all))) {
    if (name === 'beside' || name === 'proxy') continue;
    assert.ok(at(spec, 'resources.requests.cpu'), where);
    assert.ok(at(spec, 'resources.requests.memory'), where);
    assert.ok(at(spec, 'resources.limits.memory'), where);
    assert.is(at(spec, 'resources.limits.cpu'), undefined, `${where}: would be throttled`);
  }
});

testWithHelm('user and group are fixed, and left to OpenShift there', () => {
  for (const pod of podsOf(render(all))) assert.is(at(pod, 'securityContext.runAsUser'), 65_532);
  const adapted = [
    render({ values: { openshift: { adapt: 'force' } } }),
    render({ apiVersions: ['security.openshift.io/v1'] }),
  ];
  for (const pod of adapted.flatMap(podsOf)) {
    for (const id of ['runAsUser', 'runAsGroup', 'fsGroup']) assert.is(at(pod, `securityContext.${id}`), undefined);
  }
  const [pod] = podsOf(
    render({ values: { openshift: { adapt: 'disabled' } }, apiVersions: ['security.openshift.io/v1'] }),
  );
  assert.is(at(pod, 'securityContext.runAsUser'), 65_532);
});

testWithHelm("no pod has the ServiceAccount's token mounted, nor the addresses of Services in its environment", () => {
  onEach((options, title) => {
    for (const pod of podsOf(render(options))) {
      assert.is(at(pod, 'automountServiceAccountToken'), false, title);
      assert.is(at(pod, 'enableServiceLinks'), false, title);
    }
  });
});

testWithHelm('the token is in the controller and in nothing else', () => {
  onEach((options, title) => {
    const manifests = render(options);
    const holders = containersOf(manifests).filter(({ spec, pod }) =>
      listAt(spec, 'volumeMounts').some((mount) => {
        const volume = listAt(pod, 'volumes').find((each) => at(each, 'name') === at(mount, 'name'));
        return listAt(volume, 'projected.sources').some((source) => at(source, 'serviceAccountToken') !== undefined);
      }),
    );
    assert.equal(
      holders.map(({ name }) => name),
      ['controller'],
      title,
    );
  });
});

testWithHelm(
  "a native sidecar's ports are told by number: older Kubernetes and some networks do not find their names",
  () => {
    onEach((options, title) => {
      const manifests = render(options);
      const pods = manifests.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => at(spec, 'template.spec'));
      const named = (list: string) =>
        pods
          .flatMap((pod) => listAt(pod, list))
          .flatMap((each) => listAt(each, 'ports').map((port) => at(port, 'name')));
      const services = manifests.filter(({ kind }) => kind === 'Service').flatMap(({ spec }) => listAt(spec, 'ports'));
      const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
      const rules = policies.flatMap(({ spec }) => [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')]);
      const asked = [
        ...services.map((port) => at(port, 'targetPort')),
        ...rules.flatMap((rule) => listAt(rule, 'ports').map((port) => at(port, 'port'))),
      ];
      for (const name of asked.filter((port) => typeof port === 'string'))
        assert.ok(named('containers').includes(name), `${title}: ${name}`);
      assert.ok(asked.includes(8082), title);
    });
  },
);

const bundleMount = (name: string, options: RenderOptions) =>
  listAt(containerNamed(render(options), name).spec, 'volumeMounts').find((mount) => at(mount, 'name') === 'bundle');

testWithHelm('the bundle is memory that the controller writes and the handler reads', () => {
  for (const options of [{}, all, { files: ['plain-sidecar-values.yaml'] }]) {
    assert.is(at(bundleMount('handler', options), 'readOnly'), true);
    assert.is(at(bundleMount('controller', options), 'readOnly'), undefined);
    const volumes = listAt(containerNamed(render(options), 'handler').pod, 'volumes');
    const bundle = volumes.find((volume) => at(volume, 'name') === 'bundle');
    assert.equal(at(bundle, 'emptyDir'), { medium: 'Memory', sizeLimit: '64Mi' });
  }
});

testWithHelm('probes ask by HTTP on the admin ports, and none of the controller makes a pod unready', () => {
  const manifests = render(all);
  const { spec: handler } = containerNamed(manifests, 'handler');
  const { spec: controller } = containerNamed(manifests, 'controller');
  for (const [kind, path] of Object.entries({ startup: '/startupz', readiness: '/readyz', liveness: '/livez' })) {
    assert.equal(at(handler, `${kind}Probe.httpGet`), { path, port: 'admin' });
  }
  for (const [kind, path] of Object.entries({ startup: '/startupz', liveness: '/livez' })) {
    assert.equal(at(controller, `${kind}Probe.httpGet`), { path, port: 'controller' });
  }
  assert.is(at(controller, 'readinessProbe'), undefined);
});

test.run();

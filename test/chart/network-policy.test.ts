/** Whether the service would still work behind its NetworkPolicy: no cluster at hand acts on one, so what it lets through is compared with what is asked. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, listAt, type Manifest, ofKind, type RenderOptions, render, theOnly, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';
import { containersOf } from './containers.ts';

const testWithHelm = testUnless(whyNoHelm());
const renderWith = (values: object, options: RenderOptions = {}) =>
  render({
    ...options,
    values: { ...values, networkPolicy: { enabled: true, ...Object(at(values, 'networkPolicy')) } },
  });
const policyOf = (manifests: readonly Manifest[]) => theOnly(manifests, 'NetworkPolicy', 'data-actions');

/** `TCP 5432` of every rule to anywhere. */
const portsTo = (manifests: readonly Manifest[]): readonly string[] =>
  listAt(policyOf(manifests), 'spec.egress')
    .filter((rule) => at(rule, 'to') === undefined)
    .flatMap((rule) => listAt(rule, 'ports').map((port) => `${at(port, 'protocol')} ${at(port, 'port')}`));

testWithHelm('names, PostgreSQL, the API server and CXone can be reached, and nothing else', () => {
  assert.equal(portsTo(renderWith({})), ['UDP 53', 'TCP 53', 'TCP 5432', 'TCP 443', 'TCP 6443', 'TCP 443']);
  const closed = { networkPolicy: { cxone: false, databasePorts: [6432], apiServerPorts: [8443] } };
  assert.equal(portsTo(renderWith(closed)), ['UDP 53', 'TCP 53', 'TCP 6432', 'TCP 8443']);
});

testWithHelm('no rule is empty, which would let everything through', () => {
  for (const { metadata, spec } of ofKind(render({ files: ['all-values.yaml'] }), 'NetworkPolicy'))
    for (const rule of [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')])
      assert.ok(listAt(rule, 'ports').length > 0, metadata.name);
});

testWithHelm("on OpenShift the DNS servers' own port can be reached too", () => {
  for (const options of [{ apiVersions: ['security.openshift.io/v1'] }, { files: ['openshift-values.yaml'] }])
    assert.equal(portsTo(renderWith({}, options)).slice(0, 4), ['UDP 53', 'TCP 53', 'UDP 5353', 'TCP 5353']);
});

testWithHelm('an external Redis can be reached on the ports of its URLs', () => {
  const portsOf = (externalRedis: object) =>
    portsTo(renderWith({ redis: { enabled: false }, externalRedis, networkPolicy: { cxone: false } })).slice(5);
  assert.equal(portsOf({ host: 'a', port: 6380 }), ['TCP 6380']);
  assert.equal(portsOf({ url: 'rediss://a:6390/1,rediss://[::1]:6391,rediss://b:6390' }), ['TCP 6390', 'TCP 6391']);
  assert.equal(portsOf({ url: 'redis://[::1]' }), ['TCP 6379']);
  assert.equal(portsOf({ existingSecret: 's', urlKey: 'u', port: 6400 }), ['TCP 6400']);
  assert.equal(portsOf({}), []);
});

testWithHelm('where callers are named, `helm test` is one of them', () => {
  const [peer] = [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }];
  const tests = { existingSecret: 's', tenantId: 'acme' };
  const manifests = renderWith({ tests, networkPolicy: { trafficFrom: [peer] } });
  const [first, second] = listAt(policyOf(manifests), 'spec.ingress.0.from');
  assert.equal(first, peer);
  const labels = Object(theOnly(manifests, 'Pod').metadata.labels);
  const wanted = Object.entries(Object(at(second, 'podSelector.matchLabels')));
  assert.ok(wanted.length > 0);
  for (const [name, value] of wanted) assert.is(labels[name], value);
  assert.is(at(policyOf(renderWith({})), 'spec.ingress.0.from'), undefined);
});

testWithHelm('Redis is reached by the handlers alone, also where nothing else is closed', () => {
  const redisPolicyOf = (values: object) => theOnly(render({ values }), 'NetworkPolicy', 'redis');
  const open = redisPolicyOf({});
  const [rule, ...others] = listAt(open, 'spec.ingress');
  assert.equal(others, []);
  const wanted = Object.entries(Object(at(rule, 'from.0.podSelector.matchLabels')));
  const handler = Object(at(theOnly(render({}), 'Deployment', 'data-actions'), 'spec.template.metadata.labels'));
  for (const [name, value] of wanted) assert.is(handler[name], value);
  assert.ok(wanted.some(([, value]) => value === 'handler'));
  // What a mesh puts beside it calls others.
  assert.equal(at(open, 'spec.policyTypes'), ['Ingress']);
  assert.equal(at(redisPolicyOf({ networkPolicy: { enabled: true } }), 'spec.policyTypes'), ['Ingress', 'Egress']);
  for (const values of [
    { networkPolicy: { redis: false } },
    { networkPolicy: { enabled: true, redis: false } },
    { redis: { enabled: false } },
  ])
    assert.not(ofKind(render({ values }), 'NetworkPolicy').some(({ metadata }) => metadata.name.endsWith('-redis')));
});

testWithHelm('ports are those of the containers that are selected', () => {
  const manifests = render({ files: ['all-values.yaml'] });
  for (const policy of ofKind(manifests, 'NetworkPolicy')) {
    const own = ofKind(manifests, 'Deployment').filter(({ metadata }) => metadata.name === policy.metadata.name);
    const ports = containersOf(own).flatMap(({ spec }) => listAt(spec, 'ports'));
    const open = listAt(policy, 'spec.ingress').flatMap((rule) =>
      listAt(rule, 'ports').map((port) => at(port, 'port')),
    );
    for (const wanted of open)
      assert.ok(
        ports.some((port) => [at(port, 'name'), at(port, 'containerPort')].includes(wanted)),
        `${policy.metadata.name}: ${wanted}`,
      );
    assert.is(open.length, ports.length, policy.metadata.name);
  }
});

test.run();
